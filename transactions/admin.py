"""Money in Django admin: to look at, never to change."""

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from transactions.models import Account, IdempotencyRecord, LedgerEntry, Transaction
from transactions.money import format_minor

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _EntryInline = admin.TabularInline[LedgerEntry, Transaction]
    _Paginator = Paginator[Any]
else:  # Generic for type checkers only.
    _ModelAdmin, _EntryInline, _Paginator = admin.ModelAdmin, admin.TabularInline, Paginator


class CappedPaginator(_Paginator):
    """Counts no further than CAP rows: a table of millions opens as fast as a small one."""

    CAP = 10_000

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows[: self.CAP].count()


class ReadOnly:
    """No adding, changing or deleting, for anybody."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MoneyAdmin(ReadOnly, _ModelAdmin):
    """Newest first, without counting the table; the search box finds an exact id."""

    ordering = ("-pk",)
    paginator = CappedPaginator
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return queryset.none(), False


class LedgerEntryInline(ReadOnly, _EntryInline):
    model = LedgerEntry
    extra = 0
    can_delete = False
    fields = ("created_at", "account", "amount", "balance_after")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return super().get_queryset(request).select_related("account", "transaction").order_by("pk")

    def amount(self, entry: LedgerEntry) -> str:
        return format_minor(entry.amount_minor, entry.transaction.currency)

    def balance_after(self, entry: LedgerEntry) -> str:
        return format_minor(entry.balance_after_minor, entry.transaction.currency)


@admin.register(Transaction)
class TransactionAdmin(MoneyAdmin):
    list_display = ("id", "created_at", "type", "status", "amount", "currency", "owner", "reason")
    list_filter = ("status", "type", "currency")
    list_select_related = ("owner",)
    search_fields = ("id",)
    search_help_text = "A transaction id"
    inlines = (LedgerEntryInline,)
    fields = (
        "id",
        "telemetry",
        "owner",
        "type",
        "status",
        "amount",
        "currency",
        "account",
        "counterparty",
        "description",
        "decline_code",
        "error_code",
        "gateway_reference",
        "created_at",
        "updated_at",
        "completed_at",
    )
    readonly_fields = fields

    @admin.display(description="decline or error")
    def reason(self, order: Transaction) -> str:
        return order.decline_code or order.error_code

    @admin.display(description="telemetry")
    def telemetry(self, order: Transaction) -> str:
        """A link to the dossier of the transaction, where telemetry's pages are installed."""
        try:
            url = reverse("admin:telemetry_transaction", args=[str(order.pk)])
        except NoReverseMatch:
            return "-"
        return format_html('<a href="{}">Telemetry: what happened</a>', url)


@admin.register(Account)
class AccountAdmin(MoneyAdmin):
    list_display = ("id", "kind", "owner", "currency", "balance", "created_at")
    list_filter = ("kind", "currency")
    list_select_related = ("owner",)
    search_fields = ("id",)
    search_help_text = "An account id"
    fields = ("id", "kind", "owner", "currency", "balance", "created_at")
    readonly_fields = fields


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(MoneyAdmin):
    list_display = ("created_at", "user", "key", "state", "transaction")
    list_filter = ("state",)
    list_select_related = ("user", "transaction")
    search_fields = ("transaction",)
    search_help_text = "A transaction id"
    # Not the stored answer: it repeats what the customer was told, of no use here.
    fields = ("user", "key", "state", "transaction", "response_status", "created_at")
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, _ = super().get_search_results(request, Transaction.objects.all(), search_term)
        return (queryset.filter(transaction__in=found) if search_term else queryset), False
