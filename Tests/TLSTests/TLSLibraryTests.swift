import TLS
import Testing

@Suite struct TLSLibraryTests {
    @Test func theLibraryIsTheOneWeWereBuiltFor() {
        #expect(TLSLibrary.version.hasPrefix("OpenSSL 3."))
    }
}
