//! Message queues: RabbitMQ's own plugin (with per-queue detail), Kafka through kafka_exporter and the JMX exporter.

use crate::incident::IncidentKind;
use crate::registry::{Builder, Scope};
use crate::world::{World, ladder};

const MIB: f64 = 1_048_576.0;
const GIB: f64 = 1024.0 * MIB;
/// Name, messages for one order, consumers.
const QUEUES: [(&str, f64, f64); 5] = [
    ("order.created", 1.0, 6.0),
    ("order.notify", 2.4, 8.0),
    ("payment.callback", 1.05, 6.0),
    ("recommendation.train", 0.6, 2.0),
    ("sms.send", 0.5, 3.0),
];
const TOPICS: [(&str, f64); 3] = [
    ("user-actions", 22.0),
    ("order-events", 4.0),
    ("page-views", 40.0),
];

pub(crate) fn build(b: &mut Builder) {
    let mut s = b.scope(&[("job", "rabbitmq"), ("instance", "sw-mq-01:15692")]);
    queues(&mut s);
    rabbit_node(&mut s);
    kafka(&mut b.scope(&[("job", "kafka-exporter"), ("instance", "sw-mq-01:9308")]));
    for broker in ["sw-mq-01:7071", "sw-db-02:7071"] {
        kafka_broker(&mut b.scope(&[("job", "kafka-jmx"), ("instance", broker)]));
    }
}

fn piled(w: &World, queue: &str) -> f64 {
    if queue == "order.notify" {
        w.level(IncidentKind::QueuePilingUp)
    } else {
        0.0
    }
}

fn ready(w: &World, i: usize, k: u64) -> f64 {
    let (name, rate, _) = QUEUES[i];
    let calm = (w.orders * rate * 3.0 + 2.0) * w.wobble(k, 12.0, 0.6);
    (ladder(piled(w, name), calm, [1900.0, 7600.0, 26_000.0]) * w.wobble(k + 1, 20.0, 0.04)).round()
}

fn unacked(w: &World, i: usize, k: u64) -> f64 {
    let (name, rate, consumers) = QUEUES[i];
    let calm = (w.orders * rate * 1.2 + 1.0) * w.wobble(k, 10.0, 0.5);
    ladder(
        piled(w, name),
        calm.min(consumers * 10.0),
        [160.0, 400.0, 800.0],
    )
    .round()
}

fn queues(s: &mut Scope<'_>) {
    for (i, (name, rate, consumers)) in QUEUES.into_iter().enumerate() {
        let labels = [("queue", name), ("vhost", "/")];
        let key = 900 + 4 * i as u64;
        s.gauge(
            "rabbitmq_detailed_queue_messages_ready",
            "Messages ready to be delivered to consumers",
            &labels,
            move |w, _| ready(w, i, key),
        );
        s.gauge(
            "rabbitmq_detailed_queue_messages_unacked",
            "Messages delivered to consumers but not yet acknowledged",
            &labels,
            move |w, _| unacked(w, i, key + 2),
        );
        s.gauge(
            "rabbitmq_detailed_queue_messages",
            "Sum of ready and unacknowledged messages - total queue depth",
            &labels,
            move |w, _| ready(w, i, key) + unacked(w, i, key + 2),
        );
        s.gauge(
            "rabbitmq_detailed_queue_consumers",
            "Consumers on a queue",
            &labels,
            move |w, _| (consumers * (1.0 - 0.25 * piled(w, name))).round(),
        );
        s.counter(
            "rabbitmq_detailed_queue_messages_published_total",
            "Total number of messages published to queues",
            &labels,
            move |w, k| w.orders * rate * w.wobble(k, 15.0, 0.08),
        );
    }
    let all = |f: fn(&World, usize, u64) -> f64, shift: u64| {
        move |w: &World, _: u64| {
            (0..QUEUES.len())
                .map(|i| f(w, i, 900 + 4 * i as u64 + shift))
                .sum::<f64>()
        }
    };
    s.gauge(
        "rabbitmq_queue_messages_ready",
        "Messages ready to be delivered to consumers",
        &[],
        all(ready, 0),
    );
    s.gauge(
        "rabbitmq_queue_messages_unacked",
        "Messages delivered to consumers but not yet acknowledged",
        &[],
        all(unacked, 2),
    );
    s.gauge(
        "rabbitmq_queue_messages",
        "Sum of ready and unacknowledged messages - total queue depth",
        &[],
        move |w, k| all(ready, 0)(w, k) + all(unacked, 2)(w, k),
    );
    let total: f64 = QUEUES.iter().map(|q| q.1).sum();
    let labels = [("protocol", "amqp091")];
    let published = move |w: &World| w.orders * total;
    s.counter(
        "rabbitmq_global_messages_received_total",
        "Total number of messages received from clients",
        &labels,
        move |w, k| published(w) * w.wobble(k, 15.0, 0.05),
    );
    s.counter(
        "rabbitmq_global_messages_delivered_total",
        "Total number of messages delivered to consumers",
        &labels,
        move |w, k| {
            published(w)
                * (1.0 - 0.09 * w.level(IncidentKind::QueuePilingUp))
                * w.wobble(k, 15.0, 0.05)
        },
    );
    s.counter(
        "rabbitmq_global_messages_acknowledged_total",
        "Total number of message acknowledgements from consumers",
        &labels,
        move |w, k| {
            published(w)
                * (1.0 - 0.1 * w.level(IncidentKind::QueuePilingUp))
                * w.wobble(k, 15.0, 0.05)
        },
    );
    s.counter(
        "rabbitmq_global_messages_redelivered_total",
        "Total number of messages redelivered to consumers",
        &labels,
        move |w, _| published(w) * (0.0008 + 0.012 * w.level(IncidentKind::QueuePilingUp)),
    );
    s.counter("rabbitmq_global_messages_unroutable_dropped_total", "Total number of messages published as non-mandatory into an exchange and dropped as unroutable", &labels, |_, _| 0.0);
}

fn rabbit_node(s: &mut Scope<'_>) {
    s.fact(
        "rabbitmq_build_info",
        "RabbitMQ & Erlang/OTP version info",
        &[
            ("rabbitmq_version", "3.13.7"),
            ("erlang_version", "26.2.5"),
            ("product_name", "RabbitMQ"),
        ],
        1.0,
    );
    s.fact(
        "rabbitmq_identity_info",
        "RabbitMQ node & cluster identity info",
        &[
            ("rabbitmq_node", "rabbit@sw-mq-01"),
            ("rabbitmq_cluster", "restaurant"),
        ],
        1.0,
    );
    s.gauge(
        "rabbitmq_disk_space_available_bytes",
        "Disk space available in bytes",
        &[],
        |w, _| (100.0 * GIB * (1.0 - w.hosts[6].data_used)).round(),
    );
    s.fact(
        "rabbitmq_disk_space_available_limit_bytes",
        "Free disk space low watermark in bytes",
        &[],
        5.0 * GIB,
    );
    s.gauge(
        "rabbitmq_process_resident_memory_bytes",
        "Memory used in bytes",
        &[],
        |w, k| {
            ((0.9 + 0.6 * w.activity + 1.1 * w.level(IncidentKind::QueuePilingUp))
                * GIB
                * w.wobble(k, 60.0, 0.03))
            .round()
        },
    );
    s.fact(
        "rabbitmq_resident_memory_limit_bytes",
        "Memory high watermark in bytes",
        &[],
        6.4 * GIB,
    );
    s.gauge(
        "rabbitmq_connections",
        "Connections currently open",
        &[],
        |w, k| (34.0 + 26.0 * w.activity + w.noise(k, 60.0)).round(),
    );
    s.gauge(
        "rabbitmq_channels",
        "Channels currently open",
        &[],
        |w, k| (70.0 + 60.0 * w.activity + 2.0 * w.noise(k, 60.0)).round(),
    );
    s.gauge(
        "rabbitmq_consumers",
        "Consumers currently connected",
        &[],
        |w, _| (25.0 - 2.0 * w.level(IncidentKind::QueuePilingUp)).round(),
    );
    s.gauge("rabbitmq_queues", "Queues available", &[], |_, _| {
        QUEUES.len() as f64
    });
    s.gauge(
        "rabbitmq_process_open_fds",
        "Open file descriptors",
        &[],
        |w, k| (160.0 + 60.0 * w.activity + 2.0 * w.noise(k, 60.0)).round(),
    );
    s.fact(
        "rabbitmq_process_max_fds",
        "Open file descriptors limit",
        &[],
        65_536.0,
    );
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}

fn kafka(s: &mut Scope<'_>) {
    s.fact(
        "kafka_brokers",
        "Number of Brokers in the Kafka Cluster.",
        &[],
        2.0,
    );
    for (topic, rate) in TOPICS {
        s.fact(
            "kafka_topic_partitions",
            "Number of partitions for this Topic",
            &[("topic", topic)],
            3.0,
        );
        for partition in ["0", "1", "2"] {
            let labels = [("topic", topic), ("partition", partition)];
            // gauges by the exporter's own declaration, though they only rise
            let produced = move |w: &World| (0.4 + w.online / 2600.0 * rate) / 3.0;
            s.counter(
                "kafka_topic_partition_current_offset",
                "Current Offset of a Broker at Topic/Partition",
                &labels,
                move |w, k| produced(w) * w.wobble(k, 15.0, 0.1),
            );
            s.fact(
                "kafka_topic_partition_replicas",
                "Number of Replicas for this Topic/Partition",
                &labels,
                2.0,
            );
            s.fact(
                "kafka_topic_partition_in_sync_replica",
                "Number of In-Sync Replicas for this Topic/Partition",
                &labels,
                2.0,
            );
            s.fact(
                "kafka_topic_partition_under_replicated_partition",
                "1 if Topic/Partition is under Replicated",
                &labels,
                0.0,
            );
            let group = [
                ("consumergroup", "analytics"),
                ("topic", topic),
                ("partition", partition),
            ];
            s.gauge(
                "kafka_consumergroup_lag",
                "Current Approximate Lag of a ConsumerGroup at Topic/Partition",
                &group,
                move |w, k| {
                    ((produced(w) * 4.0 + 2.0) * w.wobble(k, 12.0, 0.5)
                        + if topic == "order-events" {
                            ladder(
                                w.level(IncidentKind::QueuePilingUp),
                                0.0,
                                [250.0, 900.0, 3000.0],
                            )
                        } else {
                            0.0
                        })
                    .round()
                },
            );
            s.counter(
                "kafka_consumergroup_current_offset",
                "Current Offset of a ConsumerGroup at Topic/Partition",
                &group,
                move |w, k| produced(w) * w.wobble(k, 15.0, 0.1),
            );
        }
    }
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}

fn kafka_broker(s: &mut Scope<'_>) {
    for (topic, rate) in TOPICS {
        let labels = [("topic", topic)];
        let produced = move |w: &World| (0.4 + w.online / 2600.0 * rate) / 2.0;
        s.counter(
            "kafka_server_brokertopicmetrics_messagesin_total",
            "Messages in",
            &labels,
            move |w, k| produced(w) * w.wobble(k, 15.0, 0.1),
        );
        s.counter(
            "kafka_server_brokertopicmetrics_bytesin_total",
            "Bytes in",
            &labels,
            move |w, k| produced(w) * 620.0 * w.wobble(k, 15.0, 0.1),
        );
        s.counter(
            "kafka_server_brokertopicmetrics_bytesout_total",
            "Bytes out",
            &labels,
            move |w, k| produced(w) * 1_400.0 * w.wobble(k, 15.0, 0.1),
        );
        s.gauge(
            "kafka_log_log_size",
            "Size of the log in bytes",
            &[("topic", topic), ("partition", "0")],
            move |w, k| (rate * 0.4 * GIB * w.wobble(k, 7200.0, 0.05)).round(),
        );
    }
    s.fact(
        "kafka_controller_kafkacontroller_offlinepartitionscount",
        "Offline partitions",
        &[],
        0.0,
    );
    s.counter_of(
        "process_cpu_seconds_total",
        "Total user and system CPU time spent in seconds.",
        &[],
        |w, k| (0.05 + 0.4 * w.activity) * w.wobble(k, 30.0, 0.08),
    );
    s.gauge(
        "up",
        "1 if the target could be scraped, 0 if not.",
        &[],
        |_, _| 1.0,
    );
}
