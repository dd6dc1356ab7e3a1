"""Opening accounts, finding a user's own, and the clearing account of each currency."""

from uuid import UUID, uuid5

from transactions import currencies
from transactions.models import Account
from transactions.services.errors import RefusedError

_CLEARING = UUID("8f0f1a52-7d0c-4c0e-9a61-5d1f3f3c7a10")


def clearing_id(currency: str) -> UUID:
    """The id of a currency's clearing account: fixed, so that no request has to look it up."""
    return uuid5(_CLEARING, currency)


def ensure_clearing_accounts() -> None:
    """Creates the clearing accounts that are missing."""
    Account.objects.bulk_create(
        [
            Account(id=clearing_id(code), kind=Account.Kind.CLEARING, currency=code)
            for code in currencies.CODES
        ],
        ignore_conflicts=True,
    )


def open_account(owner_id: int, currency: str) -> Account:
    """A new customer account with a balance of zero."""
    return Account.objects.create(owner_id=owner_id, currency=currency)


def for_order(
    owner_id: int, account_id: UUID, counterparty_id: UUID | None
) -> tuple[Account, Account | None]:
    """The user's own account and, for a transfer, the account that receives; raises RefusedError.

    Another user's account is refused as one that does not exist, so ids cannot be probed.
    """
    wanted = [account_id] if counterparty_id is None else [account_id, counterparty_id]
    found = {
        account.id: account
        for account in Account.objects.filter(id__in=wanted, kind=Account.Kind.CUSTOMER)
    }
    account = found.get(account_id)
    if account is None or account.owner_id != owner_id:
        raise RefusedError("account", "not_found", "You have no account with this id.")
    if counterparty_id is not None and counterparty_id not in found:
        raise RefusedError("counterparty", "not_found", "There is no account with this id.")
    return account, None if counterparty_id is None else found[counterparty_id]
