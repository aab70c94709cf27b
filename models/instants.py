"""Instants at the edge: pendulum reads and tells the time; inside, datetimes are plain."""

from datetime import datetime


def plain(at: datetime) -> datetime:
    """The same instant without pendulum's own arithmetic, which refuses the standard one."""
    return datetime.combine(at.date(), at.time(), at.tzinfo).replace(fold=at.fold)
