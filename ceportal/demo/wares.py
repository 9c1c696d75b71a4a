"""What the demonstration's providers teach: names, trainings and how each kind is described."""

from __future__ import annotations

from collections.abc import Mapping

PROVIDERS: tuple[tuple[str, str], ...] = (
    ("northwind", "Northwind Network School"),
    ("initech", "Initech Training"),
    ("umbra", "Umbra Security Institute"),
    ("hooli", "Hooli Cloud Classroom"),
    ("wayfarer", "Wayfarer Learning"),
    ("blue-heron", "Blue Heron Labs"),
    ("cascadia", "Cascadia Technical Campus"),
    ("rhine", "Rhine Valley Akademie"),
    ("tramontana", "Tramontana Formación"),
    ("lumiere", "Atelier Lumière Réseaux"),
    ("polar-star", "Polar Star Education"),
    ("baltic", "Baltic Packet School"),
    ("vistula", "Vistula Systems Training"),
    ("bosphorus", "Bosphorus Network Academy"),
    ("savanna", "Savanna Skills"),
    ("harmattan", "Harmattan Learning"),
    ("cape-route", "Cape Route Training"),
    ("monsoon", "Monsoon Institute"),
    ("deccan", "Deccan Technology Centre"),
    ("sakura", "Sakura Network Kenshū"),
    ("han-river", "Han River Academy"),
    ("straits", "Straits Digital Academy"),
    ("southern-cross", "Southern Cross Learning"),
    ("pampa", "Pampa Redes"),
    ("aurora-andina", "Aurora Andina"),
    ("maple", "Maple Leaf Technical"),
    ("lone-tree", "Lone Tree Workshops"),
    ("gulf-stream", "Gulf Stream Seminars"),
)

Trainings = Mapping[str, tuple[tuple[str, str, int], ...]]  # by technology: title, kind, hours of teaching

TRAININGS: Trainings = {
    "Enterprise": (
        ("Routing That Survives", "instructor_led", 40),
        ("Campus Fabrics from the Ground Up", "virtual", 32),
        ("Software-Defined WAN Operations", "instructor_led", 32),
        ("Multicast Without Fear", "workshop", 16),
        ("Quality of Service, Measured", "digital", 18),
        ("Migrating to IPv6 in a Year", "digital", 24),
    ),
    "Security": (
        ("Firewalls in Depth", "instructor_led", 40),
        ("Hunting in Flow Records", "virtual", 24),
        ("Identity at the Edge", "digital", 30),
        ("Incident Response Drill", "bootcamp", 16),
        ("Zero Trust, One Application at a Time", "workshop", 12),
        ("Encrypted Traffic: What Can Still Be Seen", "digital", 10),
    ),
    "Data center": (
        ("Overlay Networks in Practice", "instructor_led", 40),
        ("Storage Networks for Network People", "virtual", 20),
        ("Lossless Ethernet for Clusters", "digital", 16),
        ("Running a Fabric Across Two Sites", "custom", 32),
        ("Server Networking Essentials", "digital_lite", 5),
    ),
    "Service provider": (
        ("Label Switching, Then and Now", "instructor_led", 40),
        ("Subscriber Edge Engineering", "virtual", 28),
        ("Timing and Synchronisation", "workshop", 12),
        ("Optical Transport for Routing Teams", "digital", 20),
        ("Peering and Routing Policy", "instructor_led", 24),
    ),
    "Automation": (
        ("Testing Networks Like Software", "virtual", 24),
        ("Models, Templates, Pipelines", "instructor_led", 32),
        ("Event-Driven Operations", "digital", 22),
        ("Python for the Night Shift", "bootcamp", 20),
        ("Learning Path: From Scripts to Services", "learning_path", 60),
        ("Version Control in an Afternoon", "digital_lite", 4),
    ),
    "Wireless": (
        ("High-Density Wireless", "instructor_led", 32),
        ("Troubleshooting Radio", "virtual", 20),
        ("Private Cellular on Campus", "digital", 24),
        ("Location Services That Work", "workshop", 8),
    ),
    "Collaboration": (
        ("Voice over Any Network", "instructor_led", 32),
        ("Meeting Rooms at Scale", "virtual", 16),
        ("Contact Center Call Flows", "digital", 26),
        ("Video Quality Clinic", "workshop", 8),
    ),
    "Cloud": (
        ("Connecting Clouds", "instructor_led", 32),
        ("Container Networking", "virtual", 24),
        ("Egress Costs and Other Surprises", "digital", 8),
        ("Learning Path: Hybrid Networks", "learning_path", 56),
        ("Kubernetes for Network Engineers", "bootcamp", 24),
    ),
    "Design": (
        ("Requirements to Topology", "instructor_led", 40),
        ("Designing for Failure", "virtual", 24),
        ("Network Design Studio", "workshop", 24),
        ("Case Studies in Merging Networks", "other", 20),
        ("Learning Path: The Design Expert", "learning_path", 64),
    ),
    "Observability": (
        ("Telemetry from Zero", "digital", 18),
        ("Finding the Slow Hop", "workshop", 12),
        ("Dashboards People Read", "digital", 10),
        ("Capacity Planning with Real Data", "virtual", 20),
    ),
    "Industrial": (
        ("Networks on the Factory Floor", "instructor_led", 32),
        ("Rings, Redundancy, Recovery", "workshop", 16),
        ("Securing Control Systems", "virtual", 24),
        ("Rugged Wireless", "digital", 14),
    ),
    "Infrastructure": (
        ("Networks for Machine Learning Clusters", "instructor_led", 32),
        ("Power and Cooling for Network People", "digital", 8),
        ("Cabling Done Right", "workshop", 8),
        ("Sustainable Network Operations", "digital", 12),
        ("Automated Change Windows", "custom", 24),
        ("Disaster Recovery Weekend", "bootcamp", 20),
    ),
}

SUMMARIES: dict[str, str] = {
    "instructor_led": "{hours} hours in a classroom with an instructor and a lab of your own from the first morning.",
    "virtual": "{hours} hours live on line in short sessions, each with a lab that stays open until the next one.",
    "digital": "Self-paced, about {hours} hours with labs that are checked as you go and a certificate at the end.",
    "digital_lite": "Reading and videos without labs, about {hours} hours. Listed for information, without credits.",
    "learning_path": "Several courses and a closing project, about {hours} hours in all, self-paced and with labs.",
    "custom": "Made to measure from official material and registered with the derivative-works tool; {hours} hours.",
    "workshop": "{hours} hours around one problem in a small group: bring your own and leave with a plan.",
    "bootcamp": "{hours} intense hours with a tested result at the end.",
    "other": "Approved by the technical committee; {hours} hours of reading, discussion and a written exercise.",
}

PLACES = (
    "Antwerp", "Lyon", "Hamburg", "Seville", "Gdańsk", "Gothenburg", "Leeds", "Austin", "Ottawa", "Mérida", "Recife",
    "Pune", "Osaka", "Busan", "Singapore", "Perth", "Nairobi", "Abuja", "Durban", "İzmir",
)  # fmt: skip

RETURNED = (
    "The certificate shows another completion date than the claim. Please correct one of them.",
    "The second page of the certificate is missing; please attach all of it.",
    "We find you on the roster under another e-mail address. Please add it in the note and hand the claim in again.",
)
REJECTED = (
    "You left on the second day, so the course was not completed.",
    "Our records show no final lab for this course.",
    "This certificate belongs to another course, which you have claimed already.",
)
APPEALED = (
    "I was there on every day. On the second I signed the list of the other room, since the first was full.",
    "The final lab is in my account under my maiden name; the course leader knows about it.",
    "This is not the course I claimed before: that one was held on line, this one in the classroom.",
)
FOUND = {
    "uphold": "The list of the other room has the name for the second day. Please decide again with that before you.",
    "dismiss": "The provider's records and those of the platform agree: the final lab was not taken.",
}
ASKED = (
    "Please send the letter of the course leader, or anything that shows that you took part in the labs.",
    "The certificate does not name the days. Please send the invitation or the roster of your class.",
)
VOIDED = (
    "The number on the certificate belongs to somebody else, and the provider's platform does not know the candidate."
)
