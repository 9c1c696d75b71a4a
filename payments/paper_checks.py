"""What must hold of invoices and credit notes: they say what their lines come to, and leave no gap (PAY-02, PAY-03)."""

from __future__ import annotations

from payments.money_checks import CARD_PART, Check


def _papers(paper: str, table: str, column: str, prefix: str) -> tuple[Check, ...]:
    """What must hold of invoices, and of credit notes in the same way: content, number, no gaps."""
    return (
        Check(
            f"{paper} contents",
            paper,
            f"What stands on {paper} {{0}} is not what the lines it names come to.",
            f"""
            SELECT paper.number, lines.told::text, concat(paper.content ->> 'lines', ' ',
                concat_ws(' ', paper.content ->> 'net_cents', paper.content ->> 'tax_cents',
                paper.content ->> 'total_cents'))
            FROM {table} paper CROSS JOIN LATERAL (
                SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'description', line.description, 'net_cents', line.net_cents - line.covered_cents,
                        'tax_country', line.tax_country, 'tax_percent', line.tax_percent::text,
                        'tax_cents', line.tax_cents
                    ) ORDER BY line.position), '[]'::jsonb) AS told,
                    coalesce(sum(line.net_cents - line.covered_cents), 0) AS net,
                    coalesce(sum(line.tax_cents), 0) AS tax, coalesce(sum({CARD_PART}), 0) AS total
                FROM payments_orderline line WHERE line.{column} = paper.id
            ) lines
            WHERE paper.content -> 'lines' IS DISTINCT FROM lines.told
                OR (paper.content ->> 'net_cents')::bigint IS DISTINCT FROM lines.net
                OR (paper.content ->> 'tax_cents')::bigint IS DISTINCT FROM lines.tax
                OR (paper.content ->> 'total_cents')::bigint IS DISTINCT FROM lines.total
                OR lines.total = 0
            """,  # noqa: S608 - put together from constants
        ),
        Check(
            f"{paper} numbers",
            paper,
            f"The number of {paper} {{0}} is not that of its place in its year.",
            f"""
            SELECT paper.number, named.number, concat_ws(' ', paper.number, paper.content ->> 'number', paper.issued_on)
            FROM {table} paper CROSS JOIN LATERAL (
                SELECT '{prefix}-' || paper.year || '-' || lpad(paper.sequence::text, 6, '0') AS number
            ) named
            WHERE paper.number <> named.number OR paper.content ->> 'number' IS DISTINCT FROM named.number
                OR paper.year <> extract(year FROM paper.issued_on)
                OR paper.content ->> 'issued_on' IS DISTINCT FROM paper.issued_on::text
            """,  # noqa: S608 - put together from constants
        ),
        Check(
            f"{paper} series",
            f"series of {paper}s of",
            f"The {paper}s of {{0}} are not numbered from one to the last number given.",
            f"""
            SELECT coalesce(series.year, papers.year), 'numbers 1 to ' || coalesce(series.last_number, 0),
                coalesce(papers.count, 0) || ' of them, the last ' || coalesce(papers.last, 0)
            FROM {table}series series FULL JOIN (
                SELECT year, count(*) AS count, max(sequence) AS last FROM {table} GROUP BY year
            ) papers ON papers.year = series.year
            WHERE coalesce(series.last_number, 0) <> coalesce(papers.count, 0)
                OR coalesce(series.last_number, 0) <> coalesce(papers.last, 0)
            """,  # noqa: S608 - put together from constants
        ),
    )


PAPERS = (
    *_papers("invoice", "payments_invoice", "invoice_id", "INV"),
    *_papers("credit note", "payments_creditnote", "credit_note_id", "CN"),
    Check(
        "papers of orders",
        "order",
        "Lines of order {0} stand on a paper of another order.",
        """
        SELECT DISTINCT o.number, o.number, coalesce(invoiced.number, credited.number)
        FROM payments_orderline line JOIN payments_order o ON o.id = line.order_id
        LEFT JOIN payments_invoice invoice ON invoice.id = line.invoice_id
        LEFT JOIN payments_order invoiced ON invoiced.id = invoice.order_id AND invoiced.id <> o.id
        LEFT JOIN payments_creditnote note ON note.id = line.credit_note_id
        LEFT JOIN payments_invoice of ON of.id = note.invoice_id
        LEFT JOIN payments_order credited ON credited.id = of.order_id AND credited.id <> o.id
        WHERE invoiced.id IS NOT NULL OR credited.id IS NOT NULL
        """,
    ),
    Check(
        "credit notes owed",
        "line",
        "{0} was invoiced and is given back, and no credit note says so (PAY-03).",
        """
        SELECT o.number || ', line ' || line.position, 'a credit note', 'none'
        FROM payments_orderline line JOIN payments_order o ON o.id = line.order_id
        JOIN payments_refund refund ON refund.id = line.refund_id AND refund.status <> 'failed'
        WHERE line.invoice_id IS NOT NULL AND line.credit_note_id IS NULL
        """,
    ),
)
