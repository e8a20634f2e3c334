/// Why an expression cannot be compiled.
public struct PatternError: Error, Equatable {
    /// The library's own words, such as "missing closing parenthesis".
    public let message: String
    /// Where in the expression, in bytes from its start.
    public let offset: Int
}

/// Why a match could not be decided. A request on which that happens is answered 500, as nginx does.
public enum MatchFailure: Error, Equatable {
    /// The expression backtracks so much on this subject that the limits stopped it.
    case limitExceeded
    /// Another failure of the library, by its number: memory, or a subject that is not the UTF-8 the pattern asked for.
    case library(code: Int, message: String)
}
