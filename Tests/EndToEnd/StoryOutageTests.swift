import TestSupport
import Testing

/// The story's second part: the app stops, the front is restarted.
@Suite(.needs(.puma)) struct StoryOutageTests {
    private static let warm = ["/", "/posts/2", "/theme/site.css", "/theme/app.js"]

    @Test(arguments: Front.allAvailable)
    func whatIsCachedOutlivesTheApp(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let before = try Self.warm.map { try story.visitor().get($0) }
            story.blog.stop()
            for (path, page) in zip(Self.warm, before) {
                for reader in [story.visitor(), story.visitor()] {
                    let answer = try reader.get(path)
                    #expect(answer.status == 200)
                    #expect(answer.body == page.body)
                    #expect(answer.isFromCache)
                }
            }
            // What nobody had read gets the error page, and so does whoever must not get the cache's copy.
            for (method, path) in [("GET", "/posts/9"), ("GET", "/admin"), ("POST", "/posts/2/comments")] {
                let body = method == "POST" ? Array("name=a&text=b".utf8) : nil
                let answer = try story.visitor().request(method, path, body: body)
                #expect([502, 503, 504].contains(answer.status))
                #expect(answer["Content-Type"]?.hasPrefix("text/html") == true)
                #expect(!answer.text.contains("<center>nginx"))
            }
            #expect(try story.visitor().get("/pictures/logo.png").status == 200)
            // And it comes back by itself.
            try story.blog.start()
            #expect(try eventually { try story.visitor().get("/posts/9").status == 200 })
        }
    }

    @Test(arguments: Front.allAvailable)
    func pagesPastTheirTimeAreServedWhileTheAppIsDown(_ front: Front) throws {
        try FrontedBlog.play(front, adapting: ExampleConfiguration.shortenTimes) { story in
            let page = try story.visitor().get("/posts/2")
            story.blog.stop()
            let isStale = try eventually {
                let answer = try story.visitor().get("/posts/2")
                try #require(answer.status == 200)
                try #require(answer.body == page.body)
                return answer.cacheStatus == "STALE" || answer.cacheStatus == "UPDATING"
            }
            #expect(isStale)
        }
    }

    @Test(arguments: Front.allAvailable)
    func aBrokenAppIsHiddenBehindWhatIsCached(_ front: Front) throws {
        try FrontedBlog.play(front, adapting: ExampleConfiguration.shortenTimes) { story in
            let page = try story.visitor().get("/posts/2")
            _ = try story.blog.endpoint.request("PUT", "/api/failing", body: Array("on".utf8))
            #expect(try story.blog.endpoint.get("/posts/2").status == 500)
            let isStale = try eventually {
                let answer = try story.visitor().get("/posts/2")
                try #require(answer.status == 200)
                try #require(answer.body == page.body)
                return answer.cacheStatus == "STALE" || answer.cacheStatus == "UPDATING"
            }
            #expect(isStale)
        }
    }

    @Test(arguments: Front.allAvailable)
    func theCacheIsWarmAfterARestartOfTheFront(_ front: Front) throws {
        try FrontedBlog.play(front) { story in
            let before = try Self.warm.map { try story.visitor().get($0) }
            try story.blog.forgetCounts()
            try story.server.stop()
            try story.server.start()
            for (path, page) in zip(Self.warm, before) {
                let answer = try story.visitor().get(path)
                #expect(answer.cacheStatus == "HIT")
                #expect(answer.body == page.body)
                #expect(try story.blog.count(path) == 0)
            }
        }
    }
}
