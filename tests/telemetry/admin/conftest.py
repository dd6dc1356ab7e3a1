"""Who looks at the pages."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client


@pytest.fixture
def viewer(client: Client, django_user_model: type[User]) -> Client:
    """A member of staff who may view requests, log records and errors, and nothing else."""
    user = django_user_model.objects.create_user("viewer", password="x", is_staff=True)
    allowed = Permission.objects.filter(
        content_type__app_label="telemetry",
        codename__in=["view_request", "view_log", "view_error"],
    )
    user.user_permissions.set(allowed)
    client.force_login(user)
    return client
