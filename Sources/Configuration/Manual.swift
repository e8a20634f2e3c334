/// What the manual says about one directive.
public struct ManualEntry: Sendable {
    public let name: String
    /// Its arguments; `*italic*` is what the operator replaces.
    public let syntax: String
    public let hasBlock: Bool
    public let defaultText: String?
    public let contexts: [String]
    /// Nil for what opens a block of directives.
    public let inheritance: Inheritance?
    public let documentation: String
    public let isOwn: Bool
    public let repeats: Bool

    /// The whole statement without marks, e.g. `gzip on | off;`.
    public var plainSyntax: String {
        var arguments = syntax.isEmpty ? "" : " "
        // The star of nginx's `~*` is no mark.
        for character in syntax where character != "*" || arguments.hasSuffix("~") { arguments.append(character) }
        return name + arguments + (hasBlock ? " { ... }" : ";")
    }

    /// The default as a statement, or a dash.
    var defaultStatement: String {
        guard let defaultText else { return "—" }
        return defaultText.isEmpty ? "`\(name) \"\";`" : "`\(name) \(defaultText);`"
    }

    func appendMarkdown(to output: inout String) {
        output += "### `\(name)`\(isOwn ? " (zendan only)" : "")\n\n"
        output += "\(documentation)\n\n"
        output += "- Syntax: `\(plainSyntax)`\n"
        output += "- Default: \(defaultStatement)\n"
        output += "- Context: \(contexts.joined(separator: ", "))\n"
        if let inheritance { output += "- Inheritance: \(inheritance.explanation)\n" }
        if repeats { output += "- May be repeated within a block.\n" }
        output += "\n"
    }
}

/// The manual of all directives, in Markdown. The same registry always gives the same text.
public enum Manual {
    /// The parser's own directive.
    static let include = ManualEntry(
        name: "include", syntax: "*file* | *pattern*", hasBlock: false, defaultText: nil, contexts: ["any"], inheritance: nil,
        documentation: """
            Reads the statements of another file as if they stood here. A relative name starts at the directory of the main \
            configuration file. A pattern with `*`, `?` or `[` names all files that match, in sorted order, or none; a \
            plain name must exist.
            """,
        isOwn: false, repeats: true)

    public static func markdown(of registry: DirectiveRegistry) -> String {
        var output = "# Directives\n\n"
        output += "This page is generated from the declarations in the source; do not edit it by hand.\n\n"
        appendIndex(of: registry, to: &output)
        output += "## Files\n\n"
        include.appendMarkdown(to: &output)
        for section in registry.sections where !section.directives.isEmpty {
            output += "## \(section.title)\n\n"
            for directive in section.directives { directive.manual.appendMarkdown(to: &output) }
        }
        appendTable("Accepted without effect", "`-t` reports each of these.", registry.harmless, to: &output)
        appendRefused(registry.refused, to: &output)
        while output.hasSuffix("\n\n") { output.removeLast() }
        return output
    }

    private static func appendIndex(of registry: DirectiveRegistry, to output: inout String) {
        let names = registry.names
        output += "\(names.count) directives: "
        output += names.map { "[`\($0)`](#\($0))" }.joined(separator: ", ") + "\n\n"
    }

    private static func appendTable(
        _ title: String, _ introduction: String, _ reasons: [String: String], to output: inout String
    ) {
        guard !reasons.isEmpty else { return }
        output += "## \(title)\n\n\(introduction)\n\n| Directive | Reason |\n|---|---|\n"
        for (name, reason) in reasons.sorted(by: { $0.key < $1.key }) {
            output += "| `\(name)` | \(reason) |\n"
        }
        output += "\n"
    }

    private static func appendRefused(_ reasons: [String: String], to output: inout String) {
        guard !reasons.isEmpty else { return }
        output += "## Refused\n\nThese are directives of nginx that zendan does not have.\n\n"
        for reason in Set(reasons.values).sorted() {
            let names = reasons.filter { $0.value == reason }.keys.sorted()
            output += "- **\(reason)**: " + names.map { "`\($0)`" }.joined(separator: ", ") + "\n"
        }
        output += "\n"
    }
}

extension DirectiveRegistry {
    /// All manual entries, in the order of the sets and of the directives in them.
    public var manual: [ManualEntry] { [Manual.include] + sections.flatMap { $0.directives.map(\.manual) } }
}
