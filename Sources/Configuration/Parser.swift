import Bytes

/// A file that a configuration was read from, for `-T`.
public struct ConfigurationFile: Sendable {
    public let path: String
    /// As read; comments may hold bytes that are not UTF-8.
    public let text: [UInt8]

    public init(path: String, text: [UInt8]) {
        self.path = path
        self.text = text
    }
}

/// Turns files into statements and follows `include`.
///
/// On a failure what was read before it stays in the result, so that an earlier mistake can be reported first, as
/// nginx, which checks while it reads, does.
struct Parser {
    /// Blocks and includes inside one another; far more than any real configuration has, far less than the stack holds.
    static let deepestNesting = 100

    private let reader: any SourceReader
    private let paths: ConfigurationPaths
    /// False when `include` is disabled: the files are read and checked, and their statements are dropped.
    private let includes: Bool
    private(set) var files: [ConfigurationFile] = []
    private var seen: Set<String> = []
    private var openFiles: [String] = []
    private var depth = 0

    init(reader: any SourceReader, paths: ConfigurationPaths, includes: Bool = true) {
        self.reader = reader
        self.paths = paths
        self.includes = includes
    }

    /// Appends the statements of the file at `path`; `location` is the include's, nil for the main file.
    mutating func parse(file path: String, at location: SourceLocation?, into output: inout [Statement]) throws(Diagnostic) {
        if openFiles.contains(path) {
            throw Diagnostic("\(Diagnostic.quoted(path)) includes itself", at: location)
        }
        try enter(at: location)
        defer { depth -= 1 }
        let text: [UInt8]
        do throws(SourceFailure) {
            text = try reader.text(of: path)
        } catch {
            throw Diagnostic(
                "cannot read \(Diagnostic.quoted(path)): \(error.reason)", at: location,
                hint: location == nil ? "option -c names another file" : nil)
        }
        if seen.insert(path).inserted { files.append(ConfigurationFile(path: path, text: text)) }
        openFiles.append(path)
        defer { openFiles.removeLast() }
        var lexer = Lexer(text, file: path)
        try parse(&lexer, closing: nil, into: &output)
    }

    /// Appends the statements of `-g`, which has no blocks.
    mutating func parse(commandLine text: String, into output: inout [Statement]) throws(Diagnostic) {
        var lexer = Lexer(Array(text.utf8), file: "command line")
        let first = output.count
        try parse(&lexer, closing: nil, into: &output)
        for statement in output[first...] where statement.block != nil {
            throw Diagnostic("\(Diagnostic.quoted(statement.name)): option -g takes no blocks", at: statement.location)
        }
    }

    private mutating func enter(at location: SourceLocation?) throws(Diagnostic) {
        guard depth < Parser.deepestNesting else {
            throw Diagnostic("blocks and includes are nested more than \(Parser.deepestNesting) deep", at: location)
        }
        depth += 1
    }

    /// Reads statements until the end of the text or, inside a block, its closing brace. `opening` is the block's brace.
    private mutating func parse(
        _ lexer: inout Lexer, closing opening: SourceLocation?, into output: inout [Statement]
    ) throws(Diagnostic) {
        var words: [Argument] = []
        while true {
            switch try lexer.next() {
            case .word(let word):
                words.append(word)
            case .semicolon(let location):
                guard let name = words.first else { throw Diagnostic("unexpected \";\"", at: location) }
                let statement = Statement(name: name.text, location: name.location, arguments: Array(words.dropFirst()))
                words.removeAll()
                try finish(statement, into: &output)
            case .openBrace(let location):
                guard let name = words.first else { throw Diagnostic("unexpected \"{\"", at: location) }
                let arguments = Array(words.dropFirst())
                words.removeAll()
                try block(name, arguments, opening: location, &lexer, into: &output)
            case .closeBrace(let location):
                if let last = words.last {
                    throw Parser.unfinished("unexpected \"}\"", at: location, after: words, last)
                }
                if opening == nil {
                    throw Diagnostic("unexpected \"}\"", at: location, hint: "it closes a block that was never opened")
                }
                return
            case .end(let location):
                if let last = words.last {
                    throw Parser.unfinished("unexpected end of the text", at: location, after: words, last)
                }
                if let opening {
                    throw Diagnostic(
                        "unexpected end of the text: \"}\" is missing", at: location,
                        hint: "the block opened at \(opening) is still open")
                }
                return
            }
        }
    }

    private static func unfinished(
        _ message: String, at location: SourceLocation, after words: [Argument], _ last: Argument
    ) -> Diagnostic {
        let name = words.first?.text ?? last.text
        return Diagnostic(
            "\(message): \(Diagnostic.quoted(name)) is not finished by \";\"", at: location,
            hint: "put \";\" after \(Diagnostic.quoted(last.text)) at \(last.location)")
    }

    private mutating func block(
        _ name: Argument, _ arguments: [Argument], opening: SourceLocation, _ lexer: inout Lexer,
        into output: inout [Statement]
    ) throws(Diagnostic) {
        try enter(at: opening)
        defer { depth -= 1 }
        var inner: [Statement] = []
        defer {
            output.append(Statement(name: name.text, location: name.location, arguments: arguments, block: inner))
        }
        try parse(&lexer, closing: opening, into: &inner)
    }

    private mutating func finish(_ statement: Statement, into output: inout [Statement]) throws(Diagnostic) {
        guard statement.name == "include" else {
            output.append(statement)
            return
        }
        guard statement.arguments.count == 1, let argument = statement.arguments.first else {
            throw Diagnostic(
                "\"include\" takes one argument, not \(statement.arguments.count)", at: statement.location,
                hint: "write one \"include\" for each file or pattern")
        }
        if includes {
            try include(argument, into: &output)
        } else {
            var dropped: [Statement] = []
            try include(argument, into: &dropped)
        }
    }

    private mutating func include(_ argument: Argument, into output: inout [Statement]) throws(Diagnostic) {
        let path = paths.resolveInclude(argument.text)
        guard path.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") })
        else {
            try parse(file: path, at: argument.location, into: &output)
            return
        }
        let found: [String]
        do throws(SourceFailure) {
            found = try reader.paths(matching: path)
        } catch {
            throw Diagnostic("cannot search for \(Diagnostic.quoted(path)): \(error.reason)", at: argument.location)
        }
        for file in found { try parse(file: file, at: argument.location, into: &output) }
    }
}
