//! The definition of the promoted columns of logs and traces.

use crate::table::{ColumnDef as C, ColumnType::*};

/// The promoted columns, in order.
pub(super) const PROMOTED: &[C] = &[
    C::required("ServiceNamespace", String, "`service.namespace`.").low_cardinality().promoted(),
    C::required("ServiceVersion", String, "`service.version`.").low_cardinality().promoted(),
    C::required("Environment", String, "`deployment.environment.name`, else `deployment.environment`.")
        .low_cardinality()
        .promoted(),
    C::required("ErrorType", String, "On errors, and only there: `exception.type`, else `error.type`, else `untyped`. `''` on a span that passes on the exception of a span within it.")
        .low_cardinality()
        .promoted(),
    C::required("ErrorMessage", String, "On errors, and on spans that pass one on: `exception.message`, else the body.").promoted(),
    C::required(
        "ErrorGroup",
        String,
        "As ErrorMessage: attribute `error.group`, else `v2:` and a hash of type, cleaned message and innermost own frame.",
    )
    .low_cardinality()
    .promoted(),
    C::required(
        "IsPageView",
        Boolean,
        "Whether the row is a page view: `browser.navigation` (unless only the hash changed) or `browser.page_view`.",
    )
    .promoted(),
    C::required("PagePath", String, "Path of the page: `url.path`, else of the page's URL.").promoted(),
    C::required("PageRoute", String, "PagePath with numbers, UUIDs, hashes, dates and other ids as `:id`, without `/` or an index file at the end.").low_cardinality().promoted(),
    C::required("VitalName", String, "On web vitals, and only there: `lcp`, `cls`, `inp`, `fcp`, `ttfb`, …")
        .low_cardinality()
        .promoted(),
    C::optional("VitalValue", Double, "On web vitals: milliseconds, at most 7 days; for `cls` the score, at most 100.").promoted(),
    C::required("HttpRoute", String, "On requests, and only there: `http.route`, else `(none)`.").low_cardinality().promoted(),
    C::required("HttpMethod", String, "On requests: the method.").low_cardinality().promoted(),
    C::optional("HttpStatusCode", Int, "On requests: the status code of the response, 100 to 599.").promoted(),
    C::optional("DurationMs", Double, "On requests: duration in milliseconds; absent when start or end is missing, the end is earlier, or above 7 days.").promoted(),
    C::required("SessionId", String, "`session.id`, unless it is a placeholder.").promoted(),
    C::required("UserId", String, "`user.id`, else `enduser.id`, unless it is a placeholder such as `undefined`, `null`, `0` or `anonymous`.").promoted(),
    C::required(
        "VisitorId",
        String,
        "UserId, else `app.installation.id`, `device.id`, for records that a browser sent a hash that changes daily, else `session.id`.",
    )
    .promoted(),
    C::required("ReferrerHost", String, "On page views: host of the referrer, or the site of an app; `''` for the site itself, with or without `www.`.")
        .low_cardinality()
        .promoted(),
    C::required("UtmSource", String, "On page views: `utm_source` of the URL.").low_cardinality().promoted(),
    C::required("UtmMedium", String, "On page views: `utm_medium` of the URL.").low_cardinality().promoted(),
    C::required("UtmCampaign", String, "On page views: `utm_campaign` of the URL.").low_cardinality().promoted(),
    C::required("Country", String, "`geo.country.iso_code`, else the browser's country by its address; two letters.")
        .low_cardinality()
        .promoted(),
    C::required("DeviceType", String, "By User-Agent: `desktop`, `mobile`, `tablet`, `bot`, `other`, or `''` without one.")
        .low_cardinality()
        .promoted(),
    C::required("Browser", String, "Browser by User-Agent, e.g. `Chrome`; of a bot the word that names it, e.g. `bingbot`.").low_cardinality().promoted(),
    C::required("Os", String, "Operating system by User-Agent, e.g. `Android`.").low_cardinality().promoted(),
    C::required("IsBot", Boolean, "Whether the User-Agent is a bot's; web queries leave these rows out.").promoted(),
];
