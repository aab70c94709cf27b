"""Of a channel's address: what is kept of it in the ledger."""

from models.person import Way
from notices.channels import mask, outlet
from notices.vault import Vault


def way_of(url: str, vault: Vault) -> Way:
    """Raises ChannelTrouble where no message could be sent to the address."""
    way_out = outlet(url)
    rate = way_out.rate
    return Way(
        vault.seal(url), mask(url), way_out.digest, way_out.shown, rate.per_minute, rate.burst
    )
