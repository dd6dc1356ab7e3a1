"""The endpoint that every variant serves: DRF, three statements, two log records, two samples."""

import logging
import os

from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.shop.models import Item
from bench.shop.samples import sale

VARIANT = os.environ.get("BENCH_VARIANT", "bare")
if VARIANT == "django-structlog":
    import structlog

    log = structlog.get_logger("shop")
else:
    log = logging.getLogger("shop")


class Order(serializers.Serializer):  # type: ignore[type-arg]
    item = serializers.IntegerField(min_value=1)
    count = serializers.IntegerField(min_value=1, max_value=100)


class Sell(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request, shop: int) -> Response:
        order = Order(data=request.data)
        order.is_valid(raise_exception=True)
        count = order.validated_data["count"]
        item = Item.objects.get(pk=order.validated_data["item"])
        if VARIANT == "django-structlog":
            log.info("order received", name=item.name, item=item.pk, count=count)
        else:
            log.info("order of %s received", item.name, extra={"item": item.pk, "count": count})
        # By save(): the model wrapper of django-prometheus sees nothing else.
        item.price += 1
        item.save(update_fields=["price"])
        others = Item.objects.filter(price__gt=0).count()
        sale(item.price)
        if VARIANT == "django-structlog":
            log.info("order settled", item=item.pk, total=item.price * count)
        else:
            log.info("order settled for %d", item.price * count, extra={"item": item.pk})
        return Response({"item": item.name, "total": item.price * count, "others": others})


urlpatterns = [path("shops/<int:shop>/orders/", Sell.as_view())]
if VARIANT == "silk":
    urlpatterns.append(path("silk/", include("silk.urls", namespace="silk")))
