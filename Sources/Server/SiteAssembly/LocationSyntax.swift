import Configuration

/// What the words after `location` say: the kind of match and what is matched.
struct LocationSyntax {
    enum Kind: Equatable {
        /// `= /path`
        case exact
        /// `/path`, or `^~ /path`, after which regexes are not tried.
        case prefix(stopsRegexes: Bool)
        /// `~ regex`, `~* regex`
        case regex(caseless: Bool)
        /// `@name`
        case named
    }

    let kind: Kind
    /// The path, the regex, or the name without `@`.
    let text: String
    let location: SourceLocation
    /// As the operator wrote it, for messages and `LocationPlan.name`.
    let written: String

    /// Reads the header of a `location` block: one word, or a modifier and a word. A modifier may be joined to the word.
    init(_ header: Statement) throws(Diagnostic) {
        let words = header.arguments
        location = header.location
        written = words.map(\.text).joined(separator: " ")
        guard let first = words.first else {
            throw Diagnostic("a location needs a path", at: header.location)
        }
        if words.count == 2 {
            guard let kind = LocationSyntax.modifiers.first(where: { $0.word == first.text })?.kind else {
                throw Diagnostic(
                    "invalid location modifier \(Diagnostic.quoted(first.text))", at: first.location,
                    hint: "\"=\", \"^~\", \"~\" and \"~*\" may stand before the path")
            }
            (self.kind, text) = (kind, words[1].text)
            return
        }
        for modifier in LocationSyntax.modifiers where first.text.hasPrefix(modifier.word) {
            kind = modifier.kind
            text = String(first.text.dropFirst(modifier.word.count))
            return
        }
        if first.text.hasPrefix("@") {
            kind = .named
            text = String(first.text.dropFirst())
        } else {
            kind = .prefix(stopsRegexes: false)
            text = first.text
        }
    }

    /// Longer ones first, so that `~*` is not taken for `~`.
    private static let modifiers: [(word: String, kind: Kind)] = [
        ("^~", .prefix(stopsRegexes: true)), ("~*", .regex(caseless: true)), ("~", .regex(caseless: false)), ("=", .exact),
    ]

    var isRegex: Bool { if case .regex = kind { true } else { false } }

    /// What messages call it: nginx names a location by its path alone.
    var shown: String { Diagnostic.quoted(kind == .named ? "@" + text : text) }

    /// Refuses what nginx refuses of a location inside a location.
    func checkNesting(in outer: LocationSyntax) throws(Diagnostic) {
        switch outer.kind {
        case .exact: throw Diagnostic("location \(shown) cannot be inside the exact location \(outer.shown)", at: location)
        case .named: throw Diagnostic("location \(shown) cannot be inside the named location \(outer.shown)", at: location)
        case .prefix, .regex: break
        }
        switch kind {
        case .named: throw Diagnostic("named location \(shown) can be on the server level only", at: location)
        case .regex: break
        case .exact, .prefix:
            guard text.utf8.starts(with: outer.text.utf8) else {
                throw Diagnostic("location \(shown) is outside location \(outer.shown)", at: location)
            }
        }
    }
}
