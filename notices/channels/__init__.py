"""Channels: the ways out of the house. Apprise speaks them; here it is made to tell the truth."""

from notices.channels.address import ChannelTrouble, check, mask, outlet
from notices.channels.answers import Answer
from notices.channels.sending import send

__all__ = ["Answer", "ChannelTrouble", "check", "mask", "outlet", "send"]
