import Configuration
import Server
import TLS

/// The files that one set of TLS settings names: certificates, keys, lists. They are read when the configuration is, by the
/// supervisor, and a worker is handed what they held.
///
/// A file that is missing or broken is a fault and no error: a start goes on, without what needed it.
struct TLSFiles {
    private static let inlineData = "data:"
    private let site: SiteBuilder
    /// The files that have been asked for.
    private(set) var names: Set<String> = []
    private(set) var isFaulty = false

    init(_ site: SiteBuilder) { self.site = site }

    /// What an argument stands for: a file's name, or that it is written out here.
    func shown(_ argument: Argument) -> String {
        argument.text.hasPrefix(Self.inlineData) ? Self.inlineData : path(argument)
    }

    /// Parts of the configuration are relative to the directory of its main file.
    private func path(_ argument: Argument) -> String { site.paths.resolveInclude(argument.text) }

    /// What a file holds; nil: nothing is named, or it cannot be read, which has been noted.
    mutating func bytes(_ argument: Argument?, _ what: String) -> [UInt8]? {
        guard let argument else { return nil }
        if argument.text.hasPrefix(Self.inlineData) {
            return Array(argument.text.utf8.dropFirst(Self.inlineData.utf8.count))
        }
        let path = path(argument)
        names.insert(path)
        do throws(SourceFailure) {
            return try site.files.text(of: path)
        } catch {
            fault("cannot load \(what) \(Diagnostic.quoted(path)) (\(error.reason))", at: argument.location)
            return nil
        }
    }

    mutating func certificates(_ argument: Argument?) -> [Certificate] {
        guard let argument, let pem = bytes(argument, "the certificates") else { return [] }
        do throws(TLSError) {
            return try Certificate.all(inPEM: pem)
        } catch {
            fault("cannot load \(Diagnostic.quoted(argument.text)): \(error.reason)", at: argument.location)
            return []
        }
    }

    /// Counts a file among those that are needed.
    mutating func note(_ argument: Argument) {
        if !argument.text.hasPrefix(Self.inlineData) { names.insert(path(argument)) }
    }

    /// A certificate with its chain and its key; nil: they cannot be used, which has been noted. `inspect` sees them first.
    mutating func identity(
        _ certificate: Argument, _ key: Argument, _ passphrases: [[UInt8]],
        inspect: ([Certificate], PrivateKey) -> Void = { _, _ in }
    ) -> TLSIdentity? {
        // Both are looked at, whatever is wrong with the first.
        let certificatePEM = bytes(certificate, "the certificate")
        let keyPEM = bytes(key, "the certificate key")
        guard let certificatePEM, let keyPEM else { return nil }
        let shown = Diagnostic.quoted(shown(certificate))
        let certificates: [Certificate]
        do throws(TLSError) {
            certificates = try Certificate.all(inPEM: certificatePEM)
        } catch {
            fault("cannot load certificate \(shown): \(error.reason)", at: certificate.location)
            return nil
        }
        do throws(TLSError) {
            let privateKey = try PrivateKey(pem: keyPEM, passphrases: passphrases)
            inspect(certificates, privateKey)
            guard let first = certificates.first, privateKey.matches(first) else {
                fault(
                    "the key \(Diagnostic.quoted(self.shown(key))) does not belong to certificate \(shown) (key values mismatch)",
                    at: key.location)
                return nil
            }
            return try TLSIdentity(certificates: certificates, key: privateKey)
        } catch {
            fault("cannot load certificate key \(Diagnostic.quoted(self.shown(key))): \(error.reason)", at: key.location)
            return nil
        }
    }

    /// The lines of a file of pass phrases.
    mutating func passphrases(_ argument: Argument?) -> [[UInt8]] {
        guard let bytes = bytes(argument, "the pass phrases") else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).map { line in
            line.last == UInt8(ascii: "\r") ? Array(line.dropLast()) : Array(line)
        }.filter { !$0.isEmpty }
    }

    /// A command in OpenSSL's own language, with what is in the file that it may name.
    mutating func command(_ arguments: [Argument], of directive: String) -> TLSCommand {
        let (name, value) = (arguments[0].text, arguments[1])
        guard TLSCommand.namesFile(name) else { return TLSCommand(name: name, value: value.text) }
        return TLSCommand(name: name, value: value.text, content: bytes(value, "the file of \"\(directive) \(name)\""))
    }

    mutating func fault(_ message: String, at location: SourceLocation) {
        isFaulty = true
        let fault = Diagnostic(message, at: location, severity: .fault)
        // Who inherits the same line says it once.
        let known = "fault \(fault.description)"
        if site.shared[known] != nil { return }
        site.shared[known] = true
        site.warnings.append(fault)
    }
}
