//! samod over a WebSocket without TLS: its own dialer brings a TLS library that nobody here needs.

use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use samod::{DialError, Dialer, Transport, Url};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

/// Dials a server.
pub(crate) struct WebSocketDialer {
    url: Url,
}

impl WebSocketDialer {
    pub(crate) const fn new(url: Url) -> Self {
        Self { url }
    }
}

impl Dialer for WebSocketDialer {
    type Error = SocketError;

    fn url(&self) -> Url {
        self.url.clone()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Transport, DialError<SocketError>>> {
        let url = self.url.clone();
        async move {
            let (socket, _) = connect_async(url.as_str())
                .await
                .map_err(DialError::transient)?;
            Ok(transport(socket))
        }
        .boxed()
    }
}

/// Takes a client in.
pub(crate) async fn accept(stream: TcpStream) -> Result<Transport, SocketError> {
    stream.set_nodelay(true)?;
    Ok(transport(accept_async(stream).await?))
}

/// The binary messages of a socket, both ways.
fn transport<T>(socket: WebSocketStream<T>) -> Transport
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sink, stream) = socket.split();
    let messages = stream.filter_map(|message| {
        ready(match message {
            Ok(Message::Binary(bytes)) => Some(Ok(bytes.to_vec())),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    });
    let sink = sink.with(|bytes: Vec<u8>| ready(Ok::<_, SocketError>(Message::binary(bytes))));
    Transport::new(messages.boxed(), Box::pin(sink))
}
