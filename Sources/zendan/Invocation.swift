import Configuration
import Platform
import Server

/// The command line, with nginx's options and meanings.
struct Invocation {
    /// Where things lie when nothing is said.
    private static let defaultPrefix = "/usr/share/zendan/"
    private static let defaultFile = "/etc/zendan/zendan.conf"

    private enum Job {
        case serve, test, dump
        case signal(Signal)
        case version, versionAndFeatures, help, listDirectives, manual
    }

    private var job = Job.serve
    private var prefix = defaultPrefix
    private var file = defaultFile
    private var globals = ""
    private var errorLog = "stderr"
    private var isQuiet = false
    private var isStrict = false

    private struct Problem: Error { let message: String }

    static func run(_ words: [String], _ program: Program, binary: String) -> Int32 {
        do throws(Problem) {
            return try Invocation(words).perform(program, binary: binary)
        } catch {
            StandardError.write("zendan: \(error.message)")
            StandardError.write("zendan: see zendan -h")
            return 1
        }
    }

    private init(_ words: [String]) throws(Problem) {
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-"), word.count > 1 else { throw Problem(message: "invalid option: \"\(word)\"") }
            if word.hasPrefix("--") {
                try long(word)
                continue
            }
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                switch letter {
                case "?", "h": job = .help
                case "v": job = .version
                case "V": job = .versionAndFeatures
                case "t": if case .serve = job { job = .test }
                case "T": job = .dump
                case "q": isQuiet = true
                case "p", "c", "e", "g", "s":
                    let value = letters.isEmpty ? rest.popFirst() : String(letters)
                    guard let value, !value.isEmpty else { throw Problem(message: "option \"-\(letter)\" needs a value") }
                    try set(letter, value)
                    letters = ""
                default: throw Problem(message: "invalid option: \"-\(letter)\"")
                }
            }
        }
    }

    private mutating func long(_ word: String) throws(Problem) {
        switch word {
        case "--strict": isStrict = true
        case "--help": job = .help
        case "--version": job = .version
        case "--list-directives": job = .listDirectives
        case "--manual": job = .manual
        default: throw Problem(message: "invalid option: \"\(word)\"")
        }
    }

    private mutating func set(_ letter: Character, _ value: String) throws(Problem) {
        switch letter {
        case "p": prefix = Invocation.absolute(value)
        case "c": file = value
        case "e": errorLog = value
        case "g": globals = value
        default:
            let signals: [String: Signal] = ["stop": .terminate, "quit": .quit, "reload": .hangUp, "reopen": .user1]
            guard let signal = signals[value] else {
                throw Problem(message: "invalid option: \"-s \(value)\"; stop, quit, reload and reopen are known")
            }
            job = .signal(signal)
        }
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : (Directory.current ?? "") + "/" + path
    }

    private func perform(_ program: Program, binary: String) throws(Problem) -> Int32 {
        var options = LaunchOptions(prefix: prefix, file: file)
        options.globals = globals
        options.errorLog = errorLog
        #if DEBUG
            if let without = ProcessControl.environmentValue("ZENDAN_WITHOUT") {
                options.disabled = without.split(separator: ",").map(String.init)
            }
        #endif
        switch job {
        case .serve: return Launcher.serve(program, options, binary: binary)
        case .test, .dump:
            var dumps = false
            if case .dump = job { dumps = true }
            return Launcher.test(program, options, dumps: dumps, isQuiet: isQuiet, isStrict: isStrict)
        case .signal(let signal): return Launcher.signal(program, options, signal)
        case .version: StandardError.write(VersionText.version)
        case .versionAndFeatures: StandardError.write(VersionText.features(program.registry))
        case .help: StandardError.write(VersionText.help)
        case .listDirectives:
            printOut(program.registry.namesWithEffect.joined(separator: "\n") + "\n")
        case .manual: printOut(Manual.markdown(of: program.registry))
        }
        return 0
    }

    private func printOut(_ text: String) {
        let bytes = Array(text.utf8)
        try? File.write(1, bytes.span)
    }
}
