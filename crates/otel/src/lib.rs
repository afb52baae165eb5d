//! OTLP to rows: the seven tables and the mapping that fills them.
