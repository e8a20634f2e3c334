import Bytes

/// Why a workload file was refused.
public struct WorkloadError: Error, Equatable, CustomStringConvertible {
    public let line: Int
    public let message: String

    public var description: String { "line \(line): \(message)" }
}

/// Reads the text format of workloads, which `docs/zendan-load.md` describes:
///
///     every cookie="theme=dark"                 # added to all requests below
///     GET  /                    weight=10
///     POST /posts/1/comments    body="author=Ann&text=Hello" type=application/x-www-form-urlencoded
///     view weight=3 connections=new parallel=6
///         GET /posts/1
///         GET /assets/site.css
///     end
public struct WorkloadParser {
    /// Reads a file that `body-file=` names; answers what went wrong as text.
    public typealias FileReader = (_ path: String) -> Result<[UInt8], FileFailure>

    public struct FileFailure: Error {
        public let message: String
        public init(message: String) { self.message = message }
    }

    private static let maximumUnits = 10_000
    private static let maximumWeight = 1_000_000
    private static let maximumParallel = 64

    private let readFile: FileReader
    private var units: [LoadUnit] = []
    private var common: [LoadRequest.Field] = []
    private var view: LoadUnit?
    private var viewRequests: [LoadRequest] = []
    private var viewLine = 0
    private var line = 0

    private init(readFile: @escaping FileReader) { self.readFile = readFile }

    /// The workload that `text` describes.
    public static func parse(_ text: String, readFile: @escaping FileReader) throws(WorkloadError) -> Workload {
        var parser = WorkloadParser(readFile: readFile)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            parser.line += 1
            try parser.take(line)
        }
        if parser.view != nil { throw WorkloadError(line: parser.viewLine, message: "this view has no \"end\"") }
        guard !parser.units.isEmpty else { throw WorkloadError(line: parser.line, message: "no request in the file") }
        return Workload(units: parser.units)
    }

    private func failure(_ message: String) -> WorkloadError { WorkloadError(line: line, message: message) }

    private mutating func take(_ line: Substring) throws(WorkloadError) {
        let words = try split(line)
        guard let first = words.first else { return }
        let rest = words.dropFirst()
        switch first {
        case "every": common += try fields(rest, allowing: [])
        case "view": try beginView(rest)
        case "end": try endView(rest)
        default: try addRequest(method: first, rest)
        }
    }

    private mutating func beginView(_ words: ArraySlice<String>) throws(WorkloadError) {
        guard view == nil else { throw failure("a view cannot hold a view; \"end\" is missing") }
        var unit = LoadUnit(parallel: 6, isView: true, requests: [LoadRequest(target: "/")])
        for word in words { try setUnit(&unit, word, allowParallel: true) }
        (view, viewLine, viewRequests) = (unit, line, [])
    }

    private mutating func endView(_ words: ArraySlice<String>) throws(WorkloadError) {
        guard words.isEmpty else { throw failure("nothing may follow \"end\"") }
        guard var unit = view else { throw failure("\"end\" without a view") }
        guard !viewRequests.isEmpty else { throw failure("the view of line \(viewLine) is empty") }
        unit.requests = viewRequests
        view = nil
        try append(unit)
    }

    private mutating func append(_ unit: LoadUnit) throws(WorkloadError) {
        guard units.count < WorkloadParser.maximumUnits else {
            throw failure("more than \(WorkloadParser.maximumUnits) units")
        }
        units.append(unit)
    }

    private mutating func addRequest(method: String, _ words: ArraySlice<String>) throws(WorkloadError) {
        guard method.utf8.allSatisfy({ $0 &- 65 < 26 || $0 == UInt8(ascii: "-") }) else {
            throw failure("\"\(method)\" is neither a method in capital letters nor view, end, every")
        }
        guard let target = words.first, target.hasPrefix("/") else {
            throw failure("\(method) needs a path that begins with /")
        }
        guard target.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { throw failure("the path holds a space or control byte") }
        var request = LoadRequest(method: method, target: target)
        var unit = LoadUnit(requests: [request])
        request.fields = common
        for word in words.dropFirst() {
            if try setRequest(&request, word) { continue }
            guard view == nil else { throw failure("\"\(word)\" belongs to the view's line, or is unknown") }
            try setUnit(&unit, word, allowParallel: false)
        }
        if view != nil { return viewRequests.append(request) }
        unit.requests = [request]
        try append(unit)
    }

    private func fields(_ words: ArraySlice<String>, allowing: [String]) throws(WorkloadError) -> [LoadRequest.Field] {
        var request = LoadRequest(target: "/")
        for word in words {
            guard word.hasPrefix("header=") || word.hasPrefix("cookie="), try setRequest(&request, word) else {
                throw failure("\"every\" takes header= and cookie=, not \"\(word)\"")
            }
        }
        return request.fields
    }

    /// Takes `word` when it is an option of a request.
    private func setRequest(_ request: inout LoadRequest, _ word: String) throws(WorkloadError) -> Bool {
        let (name, value) = WorkloadParser.option(word)
        switch name {
        case "cookie": request.fields.append(try field("Cookie", value))
        case "type": request.fields.append(try field("Content-Type", value))
        case "header":
            guard let colon = value.firstIndex(of: ":") else { throw failure("header= needs \"Name: value\"") }
            let content = value[value.index(after: colon)...].drop { $0 == " " }
            request.fields.append(try field(String(value[..<colon]), String(content)))
        case "body": request.body = Array(value.utf8)
        case "body-file":
            switch readFile(value) {
            case .success(let bytes): request.body = bytes
            case .failure(let error): throw failure("\(value): \(error.message)")
            }
        default: return false
        }
        return true
    }

    private func field(_ name: String, _ value: String) throws(WorkloadError) -> LoadRequest.Field {
        guard let field = LoadRequest.Field(checking: name, value) else {
            throw failure("\"\(name): \(value)\" is not a header field")
        }
        return field
    }

    private func setUnit(_ unit: inout LoadUnit, _ word: String, allowParallel: Bool) throws(WorkloadError) {
        let (name, value) = WorkloadParser.option(word)
        switch (name, value) {
        case ("weight", _): unit.weight = try number(value, 1...WorkloadParser.maximumWeight, "weight")
        case ("connections", "new"): unit.connections = .new
        case ("connections", "kept"): unit.connections = .kept
        case ("connections", _): throw failure("connections= is new or kept")
        case ("parallel", _) where allowParallel:
            unit.parallel = try number(value, 1...WorkloadParser.maximumParallel, "parallel")
        default: throw failure("unknown option \"\(word)\"")
        }
    }

    private func number(_ text: String, _ range: ClosedRange<Int>, _ name: String) throws(WorkloadError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw failure("\(name)= is a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return value
    }

    private static func option(_ word: String) -> (name: String, value: String) {
        guard let equals = word.firstIndex(of: "=") else { return (word, "") }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    /// Words are divided by spaces and tabs; double quotes keep them together; `\"`, `\\` and `\n` inside quotes stand for
    /// the character; `#` at the beginning of a word begins a comment.
    private func split(_ line: Substring) throws(WorkloadError) -> [String] {
        var words: [String] = []
        var word: String?
        var isQuoted = false
        var isEscaped = false
        for character in line.unicodeScalars {
            if isEscaped {
                isEscaped = false
                word = (word ?? "") + String(character == "n" ? "\n" : character)
            } else if isQuoted {
                if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isQuoted = false
                } else {
                    word = (word ?? "") + String(character)
                }
            } else if character == "\"" {
                isQuoted = true
                word = word ?? ""
            } else if character == " " || character == "\t" || character == "\r" {
                if let ended = word { words.append(ended) }
                word = nil
            } else if character == "#" && word == nil {
                break
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard !isQuoted else { throw failure("a quotation mark is not closed") }
        if let ended = word { words.append(ended) }
        return words
    }
}

extension LoadRequest.Field {
    /// Nil unless `name` is a token and `value` has no control bytes (RFC 9110 §5.5, §5.6.2): nobody sends two requests by
    /// one line of a workload by accident.
    public init?(checking name: String, _ value: String) {
        let special = Array("!#$%&'*+-.^_`|~".utf8)
        guard !name.isEmpty, name.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || special.contains($0) }) else { return nil }
        guard value.utf8.allSatisfy({ ($0 >= 32 && $0 != 127) || $0 == ASCII.tab }) else { return nil }
        self.init(name: name, value: value)
    }
}
