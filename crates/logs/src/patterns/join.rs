//! Tokens that are one value together.

use super::class;
use super::token::{Kind, Token, Tokenizer, WILD_HASH, Wild, hash};

impl Tokenizer {
    /// Takes units to their numbers, further figures of the same in parentheses, and the members of a list together.
    pub(super) fn join(&mut self, bytes: &[u8], before: usize) {
        for at in before..self.tokens.len() {
            if at + 1 != self.tokens.len() {
                continue;
            }
            self.join_unit(bytes);
            self.join_parentheses(bytes);
            self.join_date(bytes);
            self.join_list();
            self.join_repeated();
        }
    }

    /// `5 ms` is one value, `<1 sec` too.
    fn join_unit(&mut self, bytes: &[u8]) {
        let [.., number, unit] = self.tokens.as_mut_slice() else {
            return;
        };
        if number.kind != Kind::Wild(Wild::Number) || !unit.is_word() {
            return;
        }
        let text = bytes.get(unit.from as usize..unit.to as usize);
        let Some(wild) = text.and_then(class::unit) else {
            return;
        };
        number.kind = Kind::Wild(wild);
        number.to = unit.to;
        self.tokens.pop();
        if let [.., less, value] = self.tokens.as_mut_slice()
            && less.kind == Kind::Sign
            && bytes.get(less.from as usize..less.to as usize) == Some(b"<")
            && wild == Wild::Time
        {
            less.kind = value.kind;
            less.hash = value.hash;
            less.to = value.to;
            self.tokens.pop();
        }
    }

    /// `1229 bytes (1.2 KB)` is one value; parentheses with nothing in them have lost one.
    fn join_parentheses(&mut self, bytes: &[u8]) {
        let parentheses = |open: &Token, close: &Token| {
            open.hash == hash(b"(") && close.hash == hash(b")") && open.space
        };
        match self.tokens.as_mut_slice() {
            [.., open, close] if parentheses(open, close) => {
                let (close, at) = (*close, open.to as usize);
                self.tokens.pop();
                self.push(bytes, Kind::Wild(Wild::Any), at, at);
                self.tokens.push(close);
            }
            [.., value, open, again, close]
                if value.kind == Kind::Wild(Wild::Size)
                    && again.kind == value.kind
                    && parentheses(open, close) =>
            {
                value.to = close.to;
                self.tokens.truncate(self.tokens.len() - 3);
            }
            _ => (),
        }
    }

    /// `Fri Jun 17 07:07:00 2005` is one value.
    fn join_date(&mut self, bytes: &[u8]) {
        let text = |t: &Token| {
            bytes
                .get(t.from as usize..t.to as usize)
                .unwrap_or_default()
        };
        let number = Kind::Wild(Wild::Number);
        let time = Kind::Wild(Wild::Time);
        match self.tokens.as_mut_slice() {
            [.., month, day, clock]
                if clock.kind == time && day.kind == number && class::is_month(text(month)) =>
            {
                month.kind = time;
                month.hash = WILD_HASH;
                month.to = clock.to;
                self.tokens.truncate(self.tokens.len() - 2);
                if let [.., weekday, date] = self.tokens.as_mut_slice()
                    && class::is_weekday(text(weekday))
                {
                    weekday.kind = time;
                    weekday.hash = WILD_HASH;
                    weekday.to = date.to;
                    self.tokens.pop();
                }
            }
            [.., date, year]
                if date.kind == time
                    && year.kind == number
                    && year.to - year.from == 4
                    && text(date).first().is_some_and(u8::is_ascii_alphabetic) =>
            {
                date.to = year.to;
                self.tokens.pop();
            }
            _ => (),
        }
    }

    /// `blk_1 blk_2 blk_3` is one name, as often as it may come.
    fn join_repeated(&mut self) {
        if let [.., a, b] = self.tokens.as_slice()
            && matches!(b.kind, Kind::Word { digits: true, .. })
            && a.hash == b.hash
        {
            self.tokens.pop();
        }
    }

    /// From the third member on a list is a list.
    fn join_list(&mut self) {
        let joins = |sign: &Token| sign.kind == Kind::Sign && !sign.space;
        match self.tokens.as_mut_slice() {
            [.., a, s, b, t, c]
                if a.is_wild()
                    && b.is_wild()
                    && c.is_wild()
                    && joins(s)
                    && joins(t)
                    && s.hash == t.hash =>
            {
                a.kind = Kind::Wild(Wild::List);
                a.to = c.to;
                self.tokens.truncate(self.tokens.len() - 4);
            }
            [.., a, s, b] if a.kind == Kind::Wild(Wild::List) && joins(s) && b.is_wild() => {
                a.to = b.to;
                self.tokens.truncate(self.tokens.len() - 2);
            }
            _ => (),
        }
    }
}
