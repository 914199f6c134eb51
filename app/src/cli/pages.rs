//! The pages beside a serving process: the address they listen on, and until when.

use std::future::Future;
use std::net::SocketAddr;

use runtime::Runtime;
use store::accounts;
use tokio::net::TcpListener;

use super::account::invitation;
use super::demo::MARK;
use super::output::remark;
use super::{Failure, Lang};
use crate::config::Config;
use crate::people;
use crate::web::{self, Site};

/// Where pages are where nobody says anything else.
const USUAL: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8186);

/// Takes `address` for the pages, before anything else begins.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::unavailable(
            &format!(
                "Không mở được địa chỉ {address} cho các trang: {error}. Hãy chọn địa chỉ khác bằng \
                 --listen."
            ),
            &format!("the pages cannot listen on {address}, name another with --listen: {error}"),
        )
    })
}

/// Takes the usual address, if it is free: several processes on one machine are nothing unusual.
pub(super) async fn listen_if_free(lang: Lang) -> Option<TcpListener> {
    match TcpListener::bind(USUAL).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            remark(&match lang {
                Lang::Vi => format!(
                    "Tiến trình này không phục vụ trang: {USUAL} không mở được ({error}). Chọn địa chỉ khác \
                     bằng --listen."
                ),
                Lang::En => format!(
                    "this process serves no pages: {USUAL} cannot be opened ({error}); name another with \
                     --listen"
                ),
            });
            None
        }
    }
}

/// Serves the pages of `runtime` until `stopped`; with `secure`, cookies are for TLS only.
pub(super) async fn serve(
    listener: TcpListener,
    runtime: &Runtime,
    secure: bool,
    lang: Lang,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let at = listener.local_addr()?;
    remark(&match lang {
        Lang::Vi => format!("Các trang ở http://{at}/"),
        Lang::En => format!("the pages are at http://{at}/"),
    });
    if accounts::list(runtime.store()).await?.is_empty() {
        let link = first_administrator(runtime, &format!("http://{at}")).await?;
        remark(&match lang {
            Lang::Vi => format!(
                "Chưa ai đặt mật khẩu. Người quản trị đầu tiên đặt mật khẩu ở đây, một lần: {link}"
            ),
            Lang::En => format!(
                "nobody has a password yet; the first administrator chooses one here, once: {link}"
            ),
        });
    }
    let demo = store::meta::find(runtime.store(), MARK).await?.is_some();
    let site = Site::new(runtime.clone(), demo, secure);
    Ok(web::serve(listener, site, stopped).await?)
}

/// Somebody who administers, with a link for choosing a password; a link made before is worth nothing any more.
async fn first_administrator(runtime: &Runtime, url: &str) -> Result<String, Failure> {
    let store = runtime.store();
    let person = people::first_administrator(store).await?;
    runtime.refresh_people().await?;
    let url = Config::of_environment().url.unwrap_or_else(|| url.to_owned());
    invitation(store, &person, &url, web::real_ms()).await
}
