"""Addresses of payments."""

from django.urls import path

from payments import views, voucher_views

app_name = "payments"
urlpatterns = [
    path("orders/<str:number>/", views.order_detail, name="order"),
    path("orders/<str:number>/pay/", views.start_payment, name="pay"),
    path("orders/<str:number>/details/", views.give_invoice_details, name="details"),
    path("orders/<str:number>/return/", views.return_from_card_page, name="return"),
    path("orders/<str:number>/voucher/", voucher_views.use_voucher, name="use_voucher"),
    path("vouchers/", voucher_views.voucher_list, name="voucher_list"),
    path("invoices/", views.invoice_list, name="invoice_list"),
    path("invoices/<str:number>.pdf", views.invoice_pdf, name="invoice_pdf"),
    path("credit-notes/<str:number>.pdf", views.credit_note_pdf, name="credit_note_pdf"),
    path("webhook/", views.webhook, name="webhook"),
]
