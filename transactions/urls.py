"""Addresses of the payments API, mounted at /api/."""

from django.urls import path, re_path

from transactions.api.accounts import AccountListView, AccountView, StatementView
from transactions.api.missing import MissingView
from transactions.api.transactions import TransactionListView, TransactionView

urlpatterns = [
    path("accounts/", AccountListView.as_view(), name="accounts"),
    path("accounts/<uuid:pk>/", AccountView.as_view(), name="account"),
    path("accounts/<uuid:pk>/statement/", StatementView.as_view(), name="account-statement"),
    path("transactions/", TransactionListView.as_view(), name="transactions"),
    path("transactions/<uuid:pk>/", TransactionView.as_view(), name="transaction"),
    re_path(r"^.*$", MissingView.as_view(), name="missing"),
]
