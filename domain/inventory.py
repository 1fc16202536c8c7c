"""How a price gives way as inventory fills up (S56). Decides no order."""


def skewed_mid(mid: float, spread: float, held: float, room: float, strength: float) -> float:
    """Where to start asking: mid less half the spread x ``strength`` x f(u), in points.

    u = held / room within [0, 1], 1 without any room. f(u) = 4/3 (1 - 1 / (1 + u)^2) rises from 0
    to 1: by 1 / (1 + u)^2 falls the price in a pool of constant product that has taken in the share
    u of its reserve. Buyers and sellers both start lower the more is held: adding is less welcome,
    parting with it more. ``strength`` 0 is the mid itself, 1 the bid at a full inventory.
    """
    u = 1.0 if room <= 0 else min(1.0, max(0.0, held / room))
    full = 4.0 / 3.0 * (1.0 - 1.0 / (1.0 + u) ** 2)
    return mid - 0.5 * spread * strength * full
