//! Accepts connections: an own loop, because `axum::serve` knows no time-out for headers and does
//! not wait for upgraded connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::ConnectInfo;
use governor::clock::{Clock as _, DefaultClock};
use governor::{Quota, RateLimiter};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::connections::Permit;
use super::tolled::Tolled;
use super::{Hub, limits, routes};

/// Listens on an address.
pub(super) fn bind(address: SocketAddr) -> Result<TcpListener> {
    let listen = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // A relay that restarts takes its port again at once.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(limits::BACKLOG)?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("{address} is in use by another program: choose one with --listen")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    })
}

/// Accepts until the relay stops.
pub(super) async fn run(hub: Arc<Hub>, listener: TcpListener, tls: Option<TlsAcceptor>) {
    let router = routes::router(Arc::clone(&hub));
    let clock = DefaultClock::default();
    let admission = RateLimiter::direct(Quota::per_second(limits::CONNECTIONS_PER_SECOND));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = hub.stopping.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: others must end first.
                tracing::warn!(%error, "a connection could not be accepted");
                let pause = Duration::from_millis(100);
                tokio::time::sleep_until(tokio::time::Instant::now() + pause).await;
                continue;
            }
        };
        // Turned away at once: who comes too often must not use up what others may open.
        let Some(permit) = hub.connections.admit(peer.ip(), Instant::now()) else {
            metrics::counter!("forecourt_connections_refused_total").increment(1);
            continue;
        };
        if let Err(not_until) = admission.check() {
            let wait = not_until.wait_time_from(clock.now());
            tokio::time::sleep_until(tokio::time::Instant::now() + wait).await;
        }
        if let Err(error) = configure(&stream) {
            tracing::debug!(%error, "a connection ended before it began");
            continue;
        }
        let (hub, tls, router) = (Arc::clone(&hub), tls.clone(), router.clone());
        let tasks = hub.tasks.clone();
        tasks.spawn(async move {
            match tls {
                None => connection(&hub, stream, peer, router, permit).await,
                Some(tls) => {
                    let handshake = tokio::time::timeout(limits::TLS_HANDSHAKE, tls.accept(stream));
                    match handshake.await {
                        Ok(Ok(stream)) => connection(&hub, stream, peer, router, permit).await,
                        Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
                        Err(_) => tracing::debug!("a handshake took too long"),
                    }
                }
            }
        });
    }
}

/// Serves one connection.
///
/// The permit travels with each request, so that an upgraded connection keeps it.
async fn connection<S>(hub: &Hub, stream: S, peer: SocketAddr, router: Router, permit: Arc<Permit>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = Tolled::new(stream, Arc::clone(&permit));
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(Arc::clone(&permit));
        router.clone().call(request)
    });
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::REQUEST_HEAD)
        .max_headers(limits::HEADERS)
        .max_buf_size(limits::HEAD_BYTES);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = hub.stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Small packets at once, and dead peers noticed.
fn configure(stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true).context("no delay")?;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(limits::KEEPALIVE)
        .with_interval(limits::KEEPALIVE / 3);
    socket.set_tcp_keepalive(&keepalive).context("keepalive")?;
    #[cfg(target_os = "linux")]
    socket
        .set_tcp_user_timeout(Some(limits::KEEPALIVE))
        .context("user timeout")?;
    Ok(())
}
