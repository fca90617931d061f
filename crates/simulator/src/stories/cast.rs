//! Who plays: the pods as the metrics have them, the servers under them, people, dishes.

use super::dice::Dice;
use crate::parts::{PODS, Pod};

/// The host whose clock is late, and by how many nanoseconds.
pub(super) const LATE_HOST: (&str, i64) = ("sw-app-02", 7_400_000);

/// What a service is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Language {
    Java,
    Node,
    Go,
    Python,
}

impl Language {
    /// OpenTelemetry's `telemetry.sdk.language`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Node => "nodejs",
            Self::Go => "go",
            Self::Python => "python",
        }
    }
}

/// What a service is written in.
pub(super) fn language(service: &str) -> Language {
    match service {
        "order-service" | "payment-service" | "user-service" => Language::Java,
        "gateway" | "consultation" => Language::Node,
        "recommendation" => Language::Python,
        _ => Language::Go,
    }
}

/// The port on which a service listens.
pub(super) fn port(service: &str) -> i64 {
    if service == "gateway" { 3000 } else { 8080 }
}

/// One of the pods of `service`; every service that is named in this folder has one.
pub(super) fn pod(service: &str, dice: &mut Dice) -> &'static Pod {
    let of = |p: &&'static Pod| p.owner == service;
    let count = PODS.iter().filter(of).count().max(1);
    let nth = dice.range(0, count as i64) as usize;
    PODS.iter().filter(of).nth(nth).unwrap_or(&PODS[0])
}

/// Another pod of the same service; the same where there is but one.
pub(super) fn other(pod: &'static Pod) -> &'static Pod {
    PODS.iter()
        .find(|p| p.owner == pod.owner && p.name != pod.name)
        .unwrap_or(pod)
}

/// A pod's address in the cluster.
pub(super) fn address(pod: &Pod) -> String {
    let nth = PODS.iter().position(|p| p.name == pod.name).unwrap_or(0);
    let node = if pod.node.ends_with("01") { 1 } else { 2 };
    format!("10.42.{node}.{}", 30 + nth)
}

/// Nanoseconds by which a host's clock is off.
pub(super) fn skew_ns(node: &str) -> i64 {
    if node == LATE_HOST.0 { -LATE_HOST.1 } else { 0 }
}

/// Where guests order.
pub(super) const WAYS: [(&str, f64, &str); 3] = [
    (
        "wechat_miniprogram",
        0.52,
        "Mozilla/5.0 (Linux; Android 15) MicroMessenger/8.0.54 MiniProgramEnv/android",
    ),
    ("app", 0.31, "ShouwangDemoApp/5.3.1 (iPhone; iOS 18.4)"),
    (
        "dine_in",
        0.17,
        "Mozilla/5.0 (Linux; Android 13; TablePad) Chrome/131.0",
    ),
];

/// The restaurants.
pub(super) const STORES: [&str; 10] = [
    "国贸店",
    "中关村店",
    "望京店",
    "西单店",
    "三里屯店",
    "五道口店",
    "亦庄店",
    "通州店",
    "金融街店",
    "首都机场店",
];

/// A dish: number, name, kilocalories, yuan.
#[derive(Clone, Copy)]
pub(super) struct Dish {
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) kcal: i64,
    pub(super) yuan: f64,
}

const fn dish(id: i64, name: &'static str, kcal: i64, yuan: f64) -> Dish {
    Dish {
        id,
        name,
        kcal,
        yuan,
    }
}

/// Some of the menu.
pub(super) const DISHES: [Dish; 14] = [
    dish(1001, "香煎鸡胸藜麦碗", 468, 42.0),
    dish(1002, "清蒸鲈鱼配时蔬", 385, 58.0),
    dish(1003, "番茄牛腩糙米饭", 612, 46.0),
    dish(1004, "低脂宫保豆腐", 341, 32.0),
    dish(1005, "三文鱼牛油果沙拉", 428, 62.0),
    dish(1006, "山药排骨汤", 296, 38.0),
    dish(1007, "黑椒牛柳荞麦面", 574, 48.0),
    dish(1008, "虾仁蒸水蛋", 212, 28.0),
    dish(1009, "南瓜小米粥", 158, 16.0),
    dish(1010, "麻辣香锅（少油）", 689, 45.0),
    dish(1011, "菌菇鸡汤套餐", 403, 44.0),
    dish(1012, "西兰花炒牛肉", 366, 43.0),
    dish(1013, "无糖酸奶水果杯", 184, 22.0),
    dish(1014, "孕期营养套餐A", 720, 68.0),
];

/// What guests look for.
pub(super) const SEARCHES: [&str; 12] = [
    "低脂",
    "减脂餐",
    "鸡胸肉",
    "无糖",
    "孕期",
    "糖尿病",
    "高蛋白",
    "沙拉",
    "粥",
    "儿童餐",
    "salad",
    "gluten free",
];

/// What a nutritionist is asked about.
pub(super) const TOPICS: [&str; 5] = ["减脂", "慢病饮食", "孕期营养", "运动增肌", "儿童营养"];

/// A guest.
#[derive(Clone, Copy)]
pub(super) struct Guest {
    pub(super) id: i64,
    /// Index into [`WAYS`].
    pub(super) way: usize,
    /// The last two bytes of the address, which is one of those kept for documentation.
    address: (i64, i64),
}

impl Guest {
    /// A guest by chance; a few come again and again.
    pub(super) fn any(dice: &mut Dice) -> Self {
        let share = dice.unit();
        let share = share * share;
        let id = 100_000 + (share * 42_000.0) as i64;
        let way = dice.weighted(&[0, 1, 2], |i: &usize| WAYS[*i].1);
        Self {
            id,
            way: *way,
            address: (id % 2, id % 251 + 2),
        }
    }

    /// What logs call the guest.
    pub(super) fn user_id(&self) -> String {
        format!("u{}", self.id)
    }

    /// The channel's name.
    pub(super) fn way_name(&self) -> &'static str {
        WAYS[self.way].0
    }

    /// The program's name that the guest's device sends.
    pub(super) fn agent(&self) -> &'static str {
        WAYS[self.way].2
    }

    /// The address from which the guest comes.
    pub(super) fn ip(&self) -> String {
        let net = if self.address.0 == 0 {
            "203.0.113"
        } else {
            "198.51.100"
        };
        format!("{net}.{}", self.address.1)
    }

    /// A telephone number with its middle masked, as the platform writes it. Made up.
    pub(super) fn phone(&self) -> String {
        let first = ["138", "139", "150", "177", "186", "199"][(self.id % 6) as usize];
        format!("{first}****{:04}", self.id * 7919 % 10_000)
    }
}
