//! Lines like those of a restaurant platform: Chinese and English, 150 to 250 bytes, a few words rare.

use model::log::{Attrs, LogCategory, LogLevel, LogLine, LogPosition};
use serde_json::json;

/// 2026-11-21T00:00:00Z, ns.
pub const START_NS: i64 = 1_795_219_200_000_000_000;
/// A day, ns.
pub const DAY_NS: i64 = 86_400_000_000_000;

const SERVICES: [&str; 12] = [
    "order-service",
    "payment",
    "inventory",
    "recommendation",
    "nutritionist",
    "gateway",
    "user-center",
    "delivery",
    "coupon",
    "search",
    "nginx",
    "mysql",
];

/// Writes one line after the other.
pub struct Writer {
    seed: u64,
    written: i64,
    count: i64,
}

impl Writer {
    /// `count` lines fill the day.
    pub fn new(count: usize) -> Self {
        Self {
            seed: 7,
            written: 0,
            count: count as i64,
        }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    /// The next `n` lines.
    pub fn batch(&mut self, n: usize) -> Vec<LogLine> {
        (0..n).map(|_| self.line()).collect()
    }

    fn line(&mut self) -> LogLine {
        let step = DAY_NS / self.count;
        // several writers: up to two seconds of disorder
        let at =
            (self.written.min(self.count - 1) * step - self.below(2_000_000_000) as i64).max(0);
        self.written += 1;
        let order = 20_261_121_000_000 + self.below(1_000_000);
        let user = 10_000 + self.below(50_000);
        let took = self.below(3_000);
        let trace = format!("{:016x}{:016x}", self.below(u64::MAX), self.below(u64::MAX));
        let ip = format!(
            "10.{}.{}.{}",
            self.below(4),
            self.below(250),
            self.below(250)
        );
        let (level, message) = match self.below(1_000) {
            0..300 => (
                LogLevel::Info,
                format!(
                    "创建订单成功，订单号 {order}，用户 {user}，门店 上海徐汇漕河泾店，菜品 {} 道，合计 {}.{:02} 元，耗时 {took}ms，来源 小程序",
                    1 + took % 9,
                    took % 400,
                    took % 100
                ),
            ),
            300..480 => (
                LogLevel::Info,
                format!(
                    "GET /api/v2/orders/{order}/items?page={} HTTP/1.1 200 {} \"https://shop.example.com/menu\" \"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5)\" {ip} rt={took}ms upstream=order-service",
                    took % 20,
                    took * 13
                ),
            ),
            480..640 => (
                LogLevel::Debug,
                format!(
                    "[http-nio-8080-exec-{}] c.r.order.service.impl.PreserveServiceImpl - queryInventory skuId=SKU-{} warehouse=SH-0{} cacheHit={} elapsed={took}ms traceId={trace}",
                    took % 200,
                    user,
                    took % 9,
                    took.is_multiple_of(2)
                ),
            ),
            640..790 => (
                LogLevel::Info,
                format!(
                    "支付回调处理完成，渠道 微信支付，交易流水 WX{order}，金额 {}.{:02} 元，状态 已入账，通知商户 成功，重试次数 {}，签名校验 通过",
                    took % 900,
                    took % 100,
                    took % 3
                ),
            ),
            790..900 => (
                LogLevel::Info,
                format!(
                    "推荐引擎返回 {} 个候选菜品，模型 dish-rank-v3，用户画像 {user}，营养师规则 已应用，低盐低脂过滤 {} 个，耗时 {took}ms，trace {trace}",
                    20 + took % 60,
                    took % 12
                ),
            ),
            900..960 => (
                LogLevel::Warn,
                format!(
                    "slow query: SELECT * FROM t_inventory WHERE sku_id = {user} AND store_id = {} FOR UPDATE; rows_examined={} lock_time={}ms query_time={took}ms db=restaurant thread={}",
                    took % 300,
                    took * 31,
                    took % 900,
                    took % 64
                ),
            ),
            960..972 => (
                LogLevel::Error,
                format!(
                    "调用库存服务失败：连接超时，已重试 3 次，目标 inventory.prod.svc:9090，订单号 {order}，最后错误 java.net.SocketTimeoutException: connect timed out after 3000ms，降级为 本地缓存"
                ),
            ),
            972..985 => (
                LogLevel::Error,
                format!(
                    "upstream timeout (110: Connection timed out) while reading response header from upstream, client: {ip}, server: api.example.com, request: \"POST /api/v2/pay HTTP/1.1\", order {order}"
                ),
            ),
            985..999 => (
                LogLevel::Warn,
                format!(
                    "消息积压：主题 order-events 分区 {}，消费组 settle-worker，滞后 {} 条，超过阈值 5000，最近提交位点 {}",
                    took % 32,
                    5_000 + took,
                    order
                ),
            ),
            _ => (
                LogLevel::Fatal,
                format!(
                    "熔断器打开：服务 coupon 在 10 秒内失败率 {}%，拒绝请求 {} 次，订单号 {order}，请值班人员立即检查下游依赖与连接池",
                    50 + took % 50,
                    took
                ),
            ),
        };
        let service = SERVICES[self.below(SERVICES.len() as u64) as usize];
        let status = [200, 200, 200, 200, 404, 502][self.below(6) as usize];
        let attrs = json!({"http": {"status": status}, "ms": took, "thread": format!("exec-{}", took % 32)});
        LogLine {
            position: LogPosition {
                at_ns: START_NS + at,
                seq: 0,
            },
            level: Some(level),
            category: LogCategory::App,
            service: service.to_owned(),
            host: format!("node-{}", self.below(6)),
            message,
            trace_id: if took.is_multiple_of(3) {
                trace
            } else {
                String::new()
            },
            span_id: String::new(),
            attrs: match attrs {
                serde_json::Value::Object(map) => map,
                _ => Attrs::new(),
            },
        }
    }
}
