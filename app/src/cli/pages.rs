//! The pages beside a serving process: the address they listen on, and until when.

use std::future::Future;
use std::net::SocketAddr;

use runtime::Runtime;
use store::accounts;
use tokio::net::TcpListener;

use super::demo::MARK;
use super::output::remark;
use super::{Failure, Lang};
use crate::web::{self, Site};

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
        remark(lang.pick(
            "Chưa ai đặt mật khẩu; hãy mời người đầu tiên bằng `cotmoc account invite MÃ-NGƯỜI`.",
            "nobody has a password yet; invite the first with `cotmoc account invite PERSON`",
        ));
    }
    let demo = store::meta::find(runtime.store(), MARK).await?.is_some();
    let site = Site::new(runtime.clone(), demo, secure);
    Ok(web::serve(listener, site, stopped).await?)
}
