//! Exceptions as their runtimes print them.

use super::cast::Language;
use super::tape::Fault;

const JAVA_SQL: &str = "\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725)
\tat org.postgresql.core.v3.QueryExecutorImpl.processResults(QueryExecutorImpl.java:2412)
\tat org.postgresql.core.v3.QueryExecutorImpl.execute(QueryExecutorImpl.java:371)
\tat org.postgresql.jdbc.PgStatement.executeInternal(PgStatement.java:498)
\tat com.zaxxer.hikari.pool.ProxyPreparedStatement.executeQuery(ProxyPreparedStatement.java:52)
\tat com.restaurant.order.repository.OrderRepository.findForUpdate(OrderRepository.java:87)
\tat com.restaurant.order.service.OrderServiceImpl.create(OrderServiceImpl.java:142)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
const JAVA_NULL: &str =
    "\tat com.restaurant.order.price.CouponCalculator.apply(CouponCalculator.java:63)
\tat com.restaurant.order.price.PriceService.total(PriceService.java:118)
\tat com.restaurant.order.service.OrderServiceImpl.create(OrderServiceImpl.java:131)
\tat com.restaurant.order.web.OrderController.create(OrderController.java:54)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
const JAVA_HTTP: &str = "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)
\tat java.base/java.net.Socket$SocketInputStream.read(Socket.java:1099)
\tat org.apache.hc.core5.http.impl.io.SessionInputBufferImpl.fillBuffer(SessionInputBufferImpl.java:149)
\tat com.restaurant.payment.channel.AlipayClient.pay(AlipayClient.java:96)
\tat com.restaurant.payment.service.PaymentServiceImpl.execute(PaymentServiceImpl.java:171)
\tat com.restaurant.payment.web.PaymentController.pay(PaymentController.java:48)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.SocketException: Connection reset
\tat java.base/sun.nio.ch.NioSocketImpl.implRead(NioSocketImpl.java:318)
\t... 6 more";
const JAVA_PAY: &str =
    "\tat com.restaurant.payment.channel.ChannelResult.orThrow(ChannelResult.java:41)
\tat com.restaurant.payment.service.PaymentServiceImpl.execute(PaymentServiceImpl.java:188)
\tat com.restaurant.payment.web.PaymentController.pay(PaymentController.java:48)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
const NODE_TYPE: &str = "    at renderMenu (/app/dist/handlers/menu.js:118:31)
    at async Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)
    at async next (/app/node_modules/express/lib/router/route.js:149:13)
    at async proxy (/app/dist/proxy.js:42:9)";
const NODE_HANG: &str = "    at Socket.socketOnEnd (node:_http_client:542:25)
    at Socket.emit (node:events:530:35)
    at endReadableNT (node:internal/streams/readable:1698:12)
    at process.processTicksAndRejections (node:internal/process/task_queues:90:21)";
const PYTHON_MEMORY: &str = "Traceback (most recent call last):
  File \"/app/recommendation/server.py\", line 88, in recommend
    scores = self.ranker.score(user, candidates)
  File \"/app/recommendation/ranker.py\", line 214, in score
    batch = np.stack([self.embed(c) for c in candidates])
  File \"/usr/local/lib/python3.12/site-packages/numpy/_core/shape_base.py\", line 449, in stack
    return _nx.concatenate(expanded_arrays, axis=axis, out=out)";
const GO_WAIT: &str = "goroutine 8127 [running]:
main.(*MenuHandler).List(0xc0003a2180, {0x1a3f2c0, 0xc0007b61c0})
\t/src/internal/menu/handler.go:77 +0x2f1
net/http.HandlerFunc.ServeHTTP(...)
\t/usr/local/go/src/net/http/server.go:2171 +0x29";

/// A statement that was given up.
pub(super) fn statement_timeout(made_of: Language) -> Fault {
    let text = "ERROR: canceling statement due to statement timeout";
    match made_of {
        Language::Java => Fault {
            kind: "org.postgresql.util.PSQLException",
            text: text.into(),
            stack: JAVA_SQL,
        },
        Language::Node => Fault {
            kind: "QueryFailedError",
            text: text.into(),
            stack: NODE_HANG,
        },
        Language::Python => Fault {
            kind: "psycopg.errors.QueryCanceled",
            text: text.into(),
            stack: PYTHON_MEMORY,
        },
        Language::Go => Fault {
            kind: "*pgconn.PgError",
            text: format!("{text} (SQLSTATE 57014)"),
            stack: GO_WAIT,
        },
    }
}

/// A program's own mistake; `n` chooses its words.
pub(super) fn own(made_of: Language, n: i64) -> Fault {
    match made_of {
        Language::Java => Fault {
            kind: "java.lang.NullPointerException",
            text: format!(
                "Cannot invoke \"com.restaurant.order.price.Coupon.rate()\" because \"coupon\" is null (couponId=C{n:07})"
            ),
            stack: JAVA_NULL,
        },
        Language::Node => Fault {
            kind: "TypeError",
            text: format!("Cannot read properties of undefined (reading 'price') [sku={n}]"),
            stack: NODE_TYPE,
        },
        Language::Python => Fault {
            kind: "numpy._core._exceptions._ArrayMemoryError",
            text: format!(
                "Unable to allocate {}. MiB for an array with shape ({n}, 768) and data type float32",
                300 + n % 500
            ),
            stack: PYTHON_MEMORY,
        },
        Language::Go => Fault {
            kind: "context.deadlineExceededError",
            text: format!("menu: load page {}: context deadline exceeded", n % 40),
            stack: GO_WAIT,
        },
    }
}

/// A payment channel that does not answer in time.
pub(super) fn channel_timeout(server: &str) -> Fault {
    Fault {
        kind: "java.net.SocketTimeoutException",
        text: format!("Read timed out: https://{server}/gateway.do"),
        stack: JAVA_HTTP,
    }
}

/// A payment channel that says no.
pub(super) fn channel_refused(code: &str) -> Fault {
    Fault {
        kind: "com.restaurant.payment.channel.ChannelException",
        text: format!("渠道返回失败 code={code} sub_code=ACQ.SYSTEM_ERROR，请稍后重试"),
        stack: JAVA_PAY,
    }
}

/// A gateway's upstream that hung up.
pub(super) fn hang_up() -> Fault {
    Fault {
        kind: "Error",
        text: "socket hang up (ECONNRESET)".into(),
        stack: NODE_HANG,
    }
}
