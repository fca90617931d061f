//! People and a rota for the tests.

use chrono_tz::Tz;
use model::rota::{Book, Member, Role, Rota};
use std::sync::Arc;

/// 张三, 李四, two called 王五, and the rota `platform` (平台值班) in Shanghai with a primary and a secondary.
pub(crate) fn book() -> Book {
    let mut book = Book::default();
    for (id, name, email) in [
        ("zhangsan", "张三", "zhang.san@example.com"),
        ("lisi", "李四", ""),
        ("wang1", "王五", ""),
        ("wang2", "王五", ""),
    ] {
        let member = Member {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.into(),
            ..Member::default()
        };
        book.members.insert(id.to_owned(), Arc::new(member));
    }
    let mut rota = Rota::new("platform", "平台值班", Tz::Asia__Shanghai);
    rota.required = vec![Role::Primary, Role::Secondary];
    book.rotas.insert(rota.id.clone(), Arc::new(rota));
    book
}
