"""Telemetry's pages within Django admin."""

from django.contrib import admin

from telemetry.admin.site import register

register(admin.site)
