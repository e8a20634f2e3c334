/// Why a body cannot be encoded.
public enum CompressionError: Error, Equatable {
    /// A level, window or position out of its range.
    case invalidParameters
    case noMemory
    /// zlib's own number.
    case library(code: Int)
}
