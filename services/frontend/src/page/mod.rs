//! The live page: what a browser gets at `/` and below `/ui/`. Its files are in `page/` beside `src/`; here they are
//! found, guarded and sent. Nothing in them is filled in: each is the same bytes for everybody.
mod accept;
mod assets;
mod conditions;

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chassis::Problem;

pub(crate) use accept::prefers_html as is_preferred;

use self::assets::Asset;

/// The page loads from its own address and talks to it, and to no other. No script and no style stands in the markup, and
/// what scripts write is text: markup from a string is refused by the browser (Trusted Types).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

/// The page itself, for browsers at `/` and for everybody at `/ui/`.
pub(crate) async fn start(request: Request) -> Response {
    let mut response = answer(assets::start(), request.headers());
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    response
}

/// Its styles, scripts and icon. Their names need no escapes, so none is undone.
pub(crate) async fn part(request: Request) -> Response {
    match request.uri().path().strip_prefix("/ui/").and_then(assets::find) {
        Some(asset) => answer(asset, request.headers()),
        None => Problem::new(StatusCode::NOT_FOUND).into_response(),
    }
}

/// The file, compressed for whoever takes it so; nothing but the validator for whoever has it already. A browser asks
/// each time, for an hour-old script beside a new one may fail.
fn answer(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let packed = accept::takes_gzip(headers);
    let (bytes, tag) = if packed { (asset.packed, asset.packed_tag) } else { (asset.plain, asset.tag) };
    let own = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, HeaderValue::from_static(tag)),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if conditions::is_known(headers, tag) {
        return (StatusCode::NOT_MODIFIED, own, guards()).into_response();
    }
    let encoding = packed.then_some([(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
    (own, guards(), encoding.into_iter().flatten().collect::<HeaderMap>(), Body::from(Bytes::from_static(bytes)))
        .into_response()
}

fn guards() -> [(HeaderName, HeaderValue); 4] {
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ]
}
