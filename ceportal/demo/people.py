"""People of the demonstration: names, countries and time zones, the same ones every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

FIRST_NUMBER = 20_000_001

# Country, time zone, given names, family names.
PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("BE", "Europe/Brussels", "Lotte Jef Marieke Wout Elke", "Peeters Claes Wouters Goossens Hermans"),
    ("FR", "Europe/Paris", "Camille Théo Inès Bastien Élodie", "Moreau Girard Lefèvre Roussel Fontaine"),
    ("DE", "Europe/Berlin", "Jonas Annika Lukas Friederike Malte", "Krüger Hoffmann Schäfer Vogel Lindner"),
    ("ES", "Europe/Madrid", "Lucía Álvaro Marta Iker Noelia", "Ibáñez Romero Cuesta Vidal Serrano"),
    ("PL", "Europe/Warsaw", "Agnieszka Piotr Zofia Marek Ewa", "Nowak Kowalczyk Zieliński Wójcik Mazur"),
    ("SE", "Europe/Stockholm", "Ebba Oskar Linnéa Axel Signe", "Lindqvist Åkesson Nyström Hedlund Forsberg"),
    ("GB", "Europe/London", "Imogen Callum Priya Rhys Eilidh", "Ashworth Pemberton Llewellyn Mackay Drummond"),
    ("US", "America/Chicago", "Denise Marcus Aaliyah Tyler Rosa", "Whitfield Delgado Hutchins Okafor Brandt"),
    ("US", "America/Los_Angeles", "Kevin Mei Jordan Carmen Dwight", "Nakamura Castellano Reyes Holloway Tran"),
    ("CA", "America/Toronto", "Chantal Liam Noor Etienne Maeve", "Tremblay Gagnon Sinclair Bouchard Chaudhry"),
    ("MX", "America/Mexico_City", "Ximena Rodrigo Paloma Emiliano Itzel", "Villaseñor Cárdenas Ochoa Rentería Luna"),
    ("BR", "America/Sao_Paulo", "Thiago Beatriz Caio Luana Renata", "Carvalho Nogueira Teixeira Figueiredo Prado"),
    ("IN", "Asia/Kolkata", "Ananya Rohan Kavitha Arjun Meera", "Iyer Deshmukh Chatterjee Reddy Kulkarni"),
    ("JP", "Asia/Tokyo", "Haruka Kenji Aoi Takumi Yui", "Tanaka Kobayashi Matsumoto Inoue Shimizu"),
    ("KR", "Asia/Seoul", "Ji-woo Min-jun Seo-yeon Hyun-woo Da-eun", "Kang Yoon Lim Shin Oh"),
    ("SG", "Asia/Singapore", "Wei-Ling Jun-Hao Siti Darren Hui-Min", "Tan Lim Goh Rahman Chua"),
    ("AU", "Australia/Sydney", "Matilda Lachlan Keira Angus Talia", "Fitzgerald Donnelly Baxter Nguyen Pascoe"),
    ("AE", "Asia/Dubai", "Layla Omar Mariam Khalid Hessa", "Al-Mansoori Haddad Al-Suwaidi Farouk Nasser"),
    ("KE", "Africa/Nairobi", "Wanjiru Otieno Amani Kiprop Achieng", "Kamau Odhiambo Mutua Njoroge Wekesa"),
    ("NG", "Africa/Lagos", "Chiamaka Tunde Ngozi Emeka Folake", "Adeyemi Eze Balogun Okonkwo Bello"),
    ("ZA", "Africa/Johannesburg", "Thandi Pieter Lerato Sipho Anneke", "Dlamini Botha Mokoena van_Wyk Naidoo"),
    ("TR", "Europe/Istanbul", "Elif Emre Defne Kerem Zeynep", "Demirci Özdemir Çelik Korkmaz Şahin"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone as the certification records know them."""

    number: str
    name: str
    born: date
    country: str
    time_zone: str
    email: str
    language: str = "en"


def people(chance: Random) -> Iterator[Person]:
    """People without end, no two with the same number or name."""
    taken: set[str] = set()
    number = FIRST_NUMBER
    while True:
        country, time_zone, given, family = chance.choice(PLACES)
        name = f"{chance.choice(given.split())} {chance.choice(family.split())}".replace("_", " ")
        if name in taken:
            name = f"{name.split(' ')[0]} {chance.choice('ABCDEFGHJKLMNPRSTVW')}. {name.split(' ', 1)[1]}"
        if name in taken:
            continue
        taken.add(name)
        born = date(1958, 1, 1) + timedelta(days=chance.randrange(44 * 365))
        yield Person(f"CE{number}", name, born, country, time_zone, f"candidate{number - FIRST_NUMBER + 1}@example.org")
        number += 1
