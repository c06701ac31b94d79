"""Every address of the courtyard, under /pool/."""

from __future__ import annotations

from tulou.pool import catalogue_urls, consent_urls, delivery_urls, match_urls

app_name = "pool"
urlpatterns = [
    *catalogue_urls.urlpatterns,
    *delivery_urls.urlpatterns,
    *consent_urls.urlpatterns,
    *match_urls.urlpatterns,
]
