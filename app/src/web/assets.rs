//! Styles, fonts and the one script, kept in the program and served under names that change with their bytes.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chart::canonical::sha256_hex;

const GOVUK: &str = include_str!("../../assets/govuk-frontend-6.6.0.css");
const APP: &str = include_str!("../../assets/app.css");
const DRAFT: &str = include_str!("../../assets/draft.js");
const LATIN: &[u8] = include_bytes!("../../assets/inter-latin.woff2");
const VIETNAMESE: &[u8] = include_bytes!("../../assets/inter-vietnamese.woff2");
const ICON: &str = include_str!("../../assets/icon.svg");

/// A file with its name.
#[derive(Debug)]
struct Asset {
    path: String,
    kind: &'static str,
    bytes: Vec<u8>,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let latin = asset("inter-latin", "woff2", "font/woff2", LATIN.to_vec());
    let vietnamese = asset("inter-vietnamese", "woff2", "font/woff2", VIETNAMESE.to_vec());
    let app = APP
        .replace("inter-latin.woff2", &latin.path)
        .replace("inter-vietnamese.woff2", &vietnamese.path);
    let govuk = asset("govuk-frontend", "css", "text/css; charset=utf-8", GOVUK.into());
    let app = asset("app", "css", "text/css; charset=utf-8", app.into());
    let icon = asset("icon", "svg", "image/svg+xml", ICON.into());
    let draft = asset("draft", "js", "text/javascript; charset=utf-8", DRAFT.into());
    vec![govuk, app, icon, latin, vietnamese, draft]
});

fn asset(name: &str, end: &str, kind: &'static str, bytes: Vec<u8>) -> Asset {
    let hash = sha256_hex(&String::from_utf8_lossy(&bytes));
    Asset { path: format!("/assets/{name}.{}.{end}", &hash[..12]), kind, bytes }
}

/// The addresses of the styles, in the order in which they apply.
pub fn styles() -> impl Iterator<Item = &'static str> {
    ASSETS.iter().filter(|asset| asset.kind.starts_with("text/css")).map(|one| one.path.as_str())
}

/// The addresses of the scripts.
pub fn scripts() -> impl Iterator<Item = &'static str> {
    ASSETS
        .iter()
        .filter(|asset| asset.kind.starts_with("text/javascript"))
        .map(|one| one.path.as_str())
}

/// The address of the icon.
pub fn icon() -> &'static str {
    ASSETS.iter().find(|asset| asset.kind == "image/svg+xml").map_or("", |one| one.path.as_str())
}

/// A file by its name with its hash: what it is never changes, so a browser keeps it.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name));
    let Some(asset) = found else { return StatusCode::NOT_FOUND.into_response() };
    let kept = "public, max-age=31536000, immutable";
    let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, kept)];
    (headers, asset.bytes.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_fonts_and_arms_that_are_not_ours() {
        for (name, text) in [("govuk-frontend", GOVUK), ("app", APP)] {
            for word in ["GDS Transport", "crest", "crown", "url(http", "url(//"] {
                assert!(!text.contains(word), "`{word}` in {name}");
            }
        }
        assert!(!GOVUK.contains("url("), "it loads nothing at all");
        assert!(GOVUK.contains("var(--app-font)"));
    }

    #[test]
    fn the_script_runs_nothing_that_is_not_written_in_it() {
        for word in
            ["eval", "innerHTML", "Function(", "document.write", "http:", "https:", "import"]
        {
            assert!(!DRAFT.contains(word), "`{word}`");
        }
        assert_eq!(scripts().count(), 1);
    }

    #[test]
    fn styles_name_the_fonts_by_their_hash() {
        let app = ASSETS.iter().find(|asset| asset.path.contains("/app.")).expect("a style");
        let text = std::str::from_utf8(&app.bytes).expect("text");
        assert_eq!(text.matches("url(/assets/inter-").count(), 2);
        assert_eq!(styles().count(), 2);
    }
}
