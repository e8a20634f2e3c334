/// Why a command line was refused, in one sentence.
public struct UsageError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Takes a command line apart: `-c 5`, `-c5`, `--clients 5`, `--clients=5`, and `--` before what only looks like an option.
public struct OptionReader {
    public struct Option: Sendable {
        let short: Character?
        let long: String
        let takesValue: Bool

        init(_ short: Character?, _ long: String, takesValue: Bool = true) {
            self.short = short
            self.long = long
            self.takesValue = takesValue
        }
    }

    /// An option as it was given, or an operand (`name` empty).
    public struct Item: Equatable, Sendable {
        public let name: String
        public let value: String
    }

    /// The items of `arguments`, in order.
    public static func read(_ arguments: [String], _ options: [Option]) throws(UsageError) -> [Item] {
        var items: [Item] = []
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                items += rest.map { Item(name: "", value: $0) }
                break
            }
            if word.hasPrefix("--") {
                items.append(try long(word.dropFirst(2), &rest, options))
            } else if word.hasPrefix("-"), word.count > 1 {
                try short(word.dropFirst(), &rest, options, &items)
            } else {
                items.append(Item(name: "", value: word))
            }
        }
        return items
    }

    private static func long(
        _ word: Substring, _ rest: inout ArraySlice<String>, _ options: [Option]
    ) throws(UsageError) -> Item {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let option = options.first(where: { $0.long == name }) else {
            throw UsageError("unknown option --\(parts.first ?? "")")
        }
        if !option.takesValue {
            guard parts.count == 1 else { throw UsageError("--\(name) takes no value") }
            return Item(name: option.long, value: "")
        }
        if parts.count == 2 { return Item(name: option.long, value: String(parts[1])) }
        guard let value = rest.popFirst() else { throw UsageError("--\(name) needs a value") }
        return Item(name: option.long, value: value)
    }

    private static func short(
        _ letters: Substring, _ rest: inout ArraySlice<String>, _ options: [Option], _ items: inout [Item]
    ) throws(UsageError) {
        var letters = letters
        while let letter = letters.popFirst() {
            guard let option = options.first(where: { $0.short == letter }) else {
                throw UsageError("unknown option -\(letter)")
            }
            if !option.takesValue {
                items.append(Item(name: option.long, value: ""))
                continue
            }
            if !letters.isEmpty {
                items.append(Item(name: option.long, value: String(letters)))
            } else {
                guard let value = rest.popFirst() else { throw UsageError("-\(letter) needs a value") }
                items.append(Item(name: option.long, value: value))
            }
            return
        }
    }
}
