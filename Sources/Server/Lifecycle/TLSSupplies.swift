import Configuration
import Observability
import TLS

extension Bundle {
    /// Takes the place of `previous` after a check: tells the check's warnings, and mends what files of TLS need.
    mutating func succeed(_ previous: Bundle, _ warnings: [Diagnostic], log: (LogLevel, String) -> Void) {
        for warning in warnings where warning.severity != .note {
            log(warning.severity == .fault ? .error : .warn, warning.logLine)
        }
        for path in mend(from: previous) { log(.error, "what \"\(path)\" was before stays in use") }
    }

    /// Puts what the configuration before read in the place of files that cannot be used now, so that its servers serve on.
    /// Returns the files that were replaced: what is said to whom operates.
    mutating func mend(from previous: Bundle) -> [String] {
        var mended: [String] = []
        var left: [Set<String>] = []
        for files in tlsNeeds.unusableFiles {
            let wasUnusable = previous.tlsNeeds.unusableFiles.contains { !$0.isDisjoint(with: files) }
            let known = files.filter { previous.sources.texts[$0] != nil }
            guard !wasUnusable, known.count == files.count else {
                left.append(files)
                continue
            }
            for path in files { sources.texts[path] = previous.sources.texts[path] }
            mended += files.sorted()
        }
        tlsNeeds.unusableFiles = left
        return mended
    }
}

extension TLSNeeds: BundleCodable {
    public func encode(to writer: inout BundleWriter) {
        writer.add(unusableFiles) { writer, files in
            writer.add(files.sorted()) { writer, path in writer.add(path) }
        }
        writer.add(ticketLifetime)
    }

    public init(from reader: inout BundleReader) throws(BundleError) {
        self.init()
        unusableFiles = try reader.list { (reader: inout BundleReader) throws(BundleError) in Set(try reader.strings()) }
        ticketLifetime = try reader.integer()
    }
}

/// The keys of session tickets as whoever starts the worker keeps them: made once, so that tickets outlive reloads and workers.
struct TicketSecrets {
    private var keys: TLSTicketKeys?

    /// What a worker needs to have the keys; empty where nobody asks for them.
    mutating func secret(for needs: TLSNeeds) -> [UInt8] {
        if needs.ticketLifetime == 0 { return [] }
        if keys.map({ $0.periodLength < needs.ticketLifetime }) ?? true {
            // As nginx: a key is in use for as long as a session lasts, and known for as long again.
            keys = try? TLSTicketKeys(lifetime: needs.ticketLifetime)
        }
        return keys?.exported() ?? []
    }
}
