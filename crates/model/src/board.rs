//! Boards, panels and concepts, as they stand in `boards/*.yaml`.

