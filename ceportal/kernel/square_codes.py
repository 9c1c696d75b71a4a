"""Square codes (QR) that lead from paper to a page."""

from __future__ import annotations

import qrcode
from qrcode.image.svg import SvgPathImage

LONGEST_ADDRESS = 2000  # characters; in a square of five centimetres it can still be read


def square_code(address: str) -> str:
    """A square code that holds an address, as SVG; empty for one that is too long to be read from paper."""
    if len(address) > LONGEST_ADDRESS:
        return ""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_L, border=0, image_factory=SvgPathImage)
    code.add_data(address)
    svg: bytes = code.make_image().to_string()
    return svg.decode()
