"""Every address of the service: the API, its docs, the admin, the reports."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from oauth2_provider.views import RevokeTokenView, TokenView

from ledger.api import log, preferences, resolution
from ledger.probes import views as probes

# Here and not as Django is set up: workers, the sequencer and most commands have no desk, and start in half the time.
admin.autodiscover()

handler500 = "ledger.reports.away.failed"

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/", permanent=False)),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("reports/", include("ledger.reports.urls")),
    path("artist/", include("ledger.artists.urls")),
    path("payee/", include("ledger.payees.urls")),
    path("status/", include("ledger.status.urls")),
    path("verify", include("ledger.verifying.urls")),
    path(".well-known/tdmrep.json", preferences.tdmrep, name="tdmrep"),
    path(".well-known/c2pa-soft-binding-resolution", resolution.well_known, name="resolution"),
    path("log/checkpoint", log.static_checkpoint),
    path("log/tile/entries/<path:path>", log.StaticEntries.as_view()),
    path("log/tile/<path:path>", log.static_tile),
    path("robots.txt", preferences.robots, name="robots"),
    path("oauth/token", TokenView.as_view(), name="token"),
    path("oauth/revoke", RevokeTokenView.as_view(), name="revoke-token"),
    # What C2PA leaves to each service and this one does not offer: refused with the way out, and in no document.
    path("v1/matches/byReference", resolution.ByReference.as_view()),
    path("v1/manifests", resolution.Storing.as_view()),
    path("v1/bindings", resolution.Storing.as_view()),
    path("v1/", include("ledger.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
