"""Every address of the service: the API, its docs, the admin, the reports."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from oauth2_provider.views import RevokeTokenView, TokenView

from ledger.api import preferences

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/", permanent=False)),
    path("admin/", admin.site.urls),
    path("reports/", include("ledger.reports.urls")),
    path("artist/", include("ledger.artists.urls")),
    path("status/", include("ledger.status.urls")),
    path(".well-known/tdmrep.json", preferences.tdmrep, name="tdmrep"),
    path("robots.txt", preferences.robots, name="robots"),
    path("oauth/token", TokenView.as_view(), name="token"),
    path("oauth/revoke", RevokeTokenView.as_view(), name="revoke-token"),
    path("v1/", include("ledger.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
