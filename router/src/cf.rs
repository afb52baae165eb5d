//! The platform's data about the sender of a request: `request.cf`.

use http::HeaderName;
use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;
use worker::web_sys;

use crate::geo::GeoPoint;

/// Returns the place of a request's sender from `request.cf`, or else from a proxy's header in the form
/// `latitude,longitude`.
pub fn client_location(request: &web_sys::Request, header: Option<&HeaderName>) -> Option<GeoPoint> {
    if let (Some(latitude), Some(longitude)) = (property(request, "latitude"), property(request, "longitude"))
    {
        return GeoPoint::parse(&latitude, &longitude);
    }
    let said = request.headers().get(header?.as_str()).ok()??;
    let (latitude, longitude) = said.split_once(',')?;
    GeoPoint::parse(latitude, longitude)
}

/// Returns a property of `request.cf` if it is a text.
pub fn property(request: &web_sys::Request, name: &str) -> Option<String> {
    let cf = Reflect::get(request, &JsValue::from_str("cf"))
        .ok()
        .filter(JsValue::is_object)?;
    Reflect::get(&cf, &JsValue::from_str(name)).ok()?.as_string()
}
