import Platform

/// What the command line of `zendan-load` asks for.
public struct LoadOptions: Sendable {
    public enum Format: String, Sendable { case table, json }
    public enum Request: Sendable {
        case run(LoadPlan)
        case help, version
    }

    public private(set) var format = Format.table
    /// Nil: on a terminal only.
    public private(set) var showsProgress: Bool?
    public private(set) var request = Request.help

    private var url: LoadURL?
    private var workloadFile: String?
    private var single = LoadRequest(target: "/")
    private var method: String?
    private var bodyFile: String?
    private var fields: [LoadRequest.Field] = []
    private var isNewConnections = false
    private var rate: Double?
    private var clients: Int?
    private var loops = 1
    private var duration: Int64?
    private var warmup: Int64 = 0
    private var units: Int?
    private var timeout: Int64 = 10_000_000_000
    private var apdexThreshold = 500_000_000
    private var seed: UInt64 = 1
    private var wantsHelp = false
    private var wantsVersion = false

    static let table: [OptionReader.Option] = [
        OptionReader.Option("c", "connections"), OptionReader.Option("r", "rate"), OptionReader.Option("d", "duration"),
        OptionReader.Option("n", "requests"), OptionReader.Option("t", "threads"), OptionReader.Option("w", "warmup"),
        OptionReader.Option("f", "file"), OptionReader.Option("X", "method"), OptionReader.Option("H", "header"),
        OptionReader.Option("b", "cookie"), OptionReader.Option(nil, "body"), OptionReader.Option(nil, "body-file"),
        OptionReader.Option(nil, "new-connections", takesValue: false), OptionReader.Option("T", "apdex"),
        OptionReader.Option(nil, "timeout"), OptionReader.Option(nil, "seed"), OptionReader.Option(nil, "format"),
        OptionReader.Option(nil, "progress", takesValue: false), OptionReader.Option(nil, "no-progress", takesValue: false),
        OptionReader.Option("h", "help", takesValue: false), OptionReader.Option("V", "version", takesValue: false),
    ]

    /// Reads the arguments after the program's name; `readFile` reads what `-f` and `--body-file` name.
    public init(_ arguments: [String], readFile: @escaping WorkloadParser.FileReader) throws(UsageError) {
        for item in try OptionReader.read(arguments, LoadOptions.table) { try take(item) }
        if wantsHelp {
            request = .help
        } else if wantsVersion {
            request = .version
        } else {
            request = .run(try plan(readFile))
        }
    }

    private mutating func take(_ item: OptionReader.Item) throws(UsageError) {
        let value = item.value
        switch item.name {
        case "": try takeURL(value)
        case "connections": clients = try LoadOptions.number(value, 1...100_000, "-c")
        case "rate": rate = try LoadOptions.rate(value)
        case "duration": duration = try LoadOptions.time(value, "-d", longest: 86_400)
        case "requests": units = try LoadOptions.number(value, 1...1_000_000_000, "-n")
        case "threads": loops = try LoadOptions.number(value, 1...256, "-t")
        case "warmup": warmup = try LoadOptions.time(value, "-w", longest: 86_400)
        case "file": workloadFile = value
        case "method": method = value
        case "header": fields.append(try LoadOptions.field(value))
        case "cookie": fields.append(try LoadOptions.field("Cookie: " + value))
        case "body": single.body = Array(value.utf8)
        case "body-file": bodyFile = value
        case "new-connections": isNewConnections = true
        case "apdex": apdexThreshold = Int(try LoadOptions.time(value, "-T", longest: 3_600))
        case "timeout": timeout = try LoadOptions.time(value, "--timeout", longest: 3_600)
        case "seed": seed = UInt64(try LoadOptions.number(value, 0...Int.max, "--seed"))
        case "format":
            guard let format = Format(rawValue: value) else { throw UsageError("--format is table or json, not \"\(value)\"") }
            self.format = format
        case "progress": showsProgress = true
        case "no-progress": showsProgress = false
        case "help": wantsHelp = true
        default: wantsVersion = true
        }
    }

    private mutating func takeURL(_ text: String) throws(UsageError) {
        guard url == nil else { throw UsageError("one URL only; several targets of a site belong into a file (-f)") }
        url = try LoadURL(text)
    }

    private func plan(_ readFile: @escaping WorkloadParser.FileReader) throws(UsageError) -> LoadPlan {
        guard let url else { throw UsageError("a URL is missing") }
        var workload = try workload(url, readFile)
        workload.addToAll(fields.filter { !LoadOptions.isHost($0) })
        if isNewConnections {
            for index in workload.units.indices { workload.units[index].connections = .new }
        }
        let host = fields.last(where: LoadOptions.isHost)?.value ?? url.host
        var plan = LoadPlan(address: url.address, host: host, workload: workload)
        if let rate { plan.pace = .open(perSecond: rate) }
        plan.clients = clients ?? (rate == nil ? 10 : 100)
        plan.loops = min(loops, plan.clients)
        plan.warmup = warmup
        // A number of requests is a bound of its own; it is still bounded in time.
        plan.duration = duration ?? (units == nil ? 10_000_000_000 : 600_000_000_000)
        plan.maximumUnits = units ?? .max
        plan.timeout = timeout
        plan.apdexThreshold = apdexThreshold
        plan.seed = seed
        guard apdexThreshold > 0, timeout > 0, plan.duration > 0 else { throw UsageError("-d, -T and --timeout must not be 0") }
        return plan
    }

    private func workload(_ url: LoadURL, _ readFile: @escaping WorkloadParser.FileReader) throws(UsageError) -> Workload {
        guard let workloadFile else {
            var request = single
            request.target = url.target
            if let bodyFile { request.body = try LoadOptions.contents(bodyFile, readFile) }
            request.method = method ?? (request.body.isEmpty ? "GET" : "POST")
            guard !request.method.isEmpty, request.method.utf8.allSatisfy({ $0 &- 65 < 26 || $0 == UInt8(ascii: "-") }) else {
                throw UsageError("-X is a method in capital letters, not \"\(request.method)\"")
            }
            return Workload(units: [LoadUnit(requests: [request])])
        }
        guard method == nil, single.body.isEmpty, bodyFile == nil, url.target == "/" else {
            throw UsageError("with -f the requests stand in the file: give neither a path nor -X, --body, --body-file")
        }
        let bytes = try LoadOptions.contents(workloadFile, readFile)
        do throws(WorkloadError) {
            return try WorkloadParser.parse(String(decoding: bytes, as: UTF8.self), readFile: readFile)
        } catch {
            throw UsageError("\(workloadFile): \(error)")
        }
    }

    private static func contents(_ path: String, _ readFile: WorkloadParser.FileReader) throws(UsageError) -> [UInt8] {
        switch readFile(path) {
        case .success(let bytes): return bytes
        case .failure(let failure): throw UsageError("\(path): \(failure.message)")
        }
    }

    private static func isHost(_ field: LoadRequest.Field) -> Bool { field.name.lowercased() == "host" }

    private static func field(_ text: String) throws(UsageError) -> LoadRequest.Field {
        guard let colon = text.firstIndex(of: ":") else {
            throw UsageError("a header is written \"Name: value\", not \"\(text)\"")
        }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        guard let field = LoadRequest.Field(checking: String(text[..<colon]), String(value)) else {
            throw UsageError("\"\(text)\" is not a header field")
        }
        return field
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>, _ option: String) throws(UsageError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw UsageError("\(option) is a number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\"")
        }
        return value
    }

    private static func rate(_ text: String) throws(UsageError) -> Double {
        guard let value = Double(text), value > 0, value <= 10_000_000 else {
            throw UsageError("-r is a number of requests per second above 0, not \"\(text)\"")
        }
        return value
    }

    /// Nanoseconds from `500ms`, `10s`, `2m`, `1h`, or a number of seconds.
    private static func time(_ text: String, _ option: String, longest seconds: Double) throws(UsageError) -> Int64 {
        let units: [(suffix: String, scale: Double)] = [
            ("ms", 1e6), ("us", 1e3), ("s", 1e9), ("m", 60e9), ("h", 3_600e9), ("", 1e9),
        ]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let value = Double(text.dropLast(unit.suffix.count)), value >= 0, value * unit.scale <= seconds * 1e9 else {
                break
            }
            return Int64((value * unit.scale).rounded())
        }
        throw UsageError("\(option) is a time such as 500ms, 10s, 2m, not \"\(text)\"")
    }
}
