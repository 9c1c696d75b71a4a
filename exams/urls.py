"""Addresses of candidates' exams and labs, and of the desk at exam sites."""

from django.urls import path, register_converter

from exams.views import bookings, changes, desk, labs, papers, rereads, results, waiting
from exams.views.converters import DayConverter

register_converter(DayConverter, "day")

app_name = "exams"
urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/<day:day>/", desk.sitting_detail, name="sitting"),
    path("desk/<day:day>/log/", desk.add_log_entry, name="sitting_log"),
    path("desk/<day:day>/close/", desk.close_sitting, name="sitting_close"),
    path("desk/bookings/<int:pk>/", desk.booking_detail, name="desk_booking"),
    path("desk/bookings/<int:pk>/check-in/", desk.check_in, name="desk_check_in"),
    path("desk/bookings/<int:pk>/fault/", desk.begin_fault, name="desk_fault"),
    path("desk/bookings/<int:pk>/fault/end/", desk.end_fault, name="desk_fault_end"),
    path("desk/bookings/<int:pk>/result/", desk.publish_result, name="desk_result"),
    path("labs/", labs.labs, name="labs"),
    path("labs/sites/", labs.site_list, name="site_list"),
    path("labs/book/<slug:track>/<slug:site>/<day:day>/", labs.book, name="book"),
    path("labs/bookings/", bookings.booking_list, name="booking_list"),
    path("labs/bookings/<int:booking_id>/", bookings.booking, name="booking"),
    path("labs/bookings/<int:booking_id>/pay/", bookings.pay, name="booking_pay"),
    path("labs/bookings/<int:booking_id>/return/", bookings.return_from_card_page, name="booking_return"),
    path("labs/bookings/<int:booking_id>/drop/", bookings.drop, name="booking_drop"),
    path("labs/bookings/<int:booking_id>/cancel/", bookings.cancel, name="booking_cancel"),
    path("labs/bookings/<int:booking_id>/confirmation/", bookings.send_again, name="booking_confirmation"),
    path("labs/bookings/<int:booking_id>/reread/", rereads.request_reread, name="reread"),
    path("labs/bookings/<int:booking_id>/reread/pay/", rereads.pay, name="reread_pay"),
    path("labs/bookings/<int:booking_id>/reread/return/", rereads.return_from_card_page, name="reread_return"),
    path("labs/bookings/<int:booking_id>/letter.pdf", bookings.letter, name="booking_letter"),
    path("labs/bookings/<int:booking_id>/calendar.ics", bookings.calendar_file, name="booking_calendar"),
    path("labs/bookings/<int:booking_id>/change/", changes.choose_seat, name="choose_seat"),
    path("labs/bookings/<int:booking_id>/change/<slug:site>/<day:day>/", changes.change, name="change"),
    path("labs/changes/<int:change_id>/", changes.quote, name="quote"),
    path("labs/changes/<int:change_id>/confirm/", changes.confirm, name="quote_confirm"),
    path("labs/changes/<int:change_id>/return/", changes.return_from_card_page, name="quote_return"),
    path("labs/changes/<int:change_id>/withdraw/", changes.withdraw, name="quote_withdraw"),
    path("labs/waiting/", waiting.wish_list, name="wish_list"),
    path("labs/waiting/new/", waiting.ask, name="ask_for_seat"),
    path("labs/waiting/<int:wish_id>/", waiting.wish, name="wish"),
    path("labs/waiting/<int:wish_id>/accept/", waiting.accept, name="wish_accept"),
    path("labs/waiting/<int:wish_id>/withdraw/", waiting.withdraw, name="wish_withdraw"),
    path("exams/", results.overview, name="overview"),
    path("exams/results/", results.result_list, name="result_list"),
    path("exams/results/<int:attempt_id>/", results.report, name="report"),
    path("exams/results/<int:attempt_id>/report.pdf", papers.score_report_file, name="report_file"),
    path("exams/sharing/", results.sharing, name="sharing"),
    path("exams/sharing/<int:link_id>/withdraw/", results.withdraw, name="withdraw_link"),
    path("transcript.pdf", papers.transcript_file, name="transcript"),
]
