extension Argument {
    /// The complaint that `directive` has no such parameter, and in its hint those that it has: words, or `name=` for those with
    /// a value.
    public func unknownParameter(of directive: String, known: [String]) -> Diagnostic {
        let bare = known.map { $0.hasSuffix("=") ? String($0.dropLast()) : $0 }
        let name = String(text.prefix { $0 != "=" })
        let nearest = EditDistance.nearest(to: name, among: bare).map { "did you mean \"\($0)\"? " } ?? ""
        return Diagnostic(
            "invalid parameter \(Diagnostic.quoted(text)) of \"\(directive)\"", at: location,
            hint: nearest + "the parameters are: \(known.joined(separator: ", "))")
    }
}
