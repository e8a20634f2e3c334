# frozen_string_literal: true

# What everybody may read: the same for all who have not signed in.
module Reading
  def self.registered(app)
    # Tests switch this on (PUT /api/failing) to see a broken application.
    app.before(%r{/|/page/.*|/posts/.*|/search|/feed\.xml}) do
      halt 500, { 'Content-Type' => 'text/plain' }, "broken on purpose\n" if settings.failing && request.get?
    end

    lists(app)
    post_and_feed(app)
  end

  def self.lists(app)
    app.get('/') { list(1) }

    app.get %r{/page/([1-9][0-9]{0,3})} do |number|
      list(number.to_i)
    end

    app.get '/search' do
      @words = params['q'].to_s
      @posts = @words.empty? ? [] : store.search(@words)
      @title = 'Search'
      erb :search
    end

    app.helpers do
      def list(number)
        @number = number
        @posts = store.page(number)
        not_found if @posts.empty?
        @pages = store.pages
        @title = number == 1 ? 'Notes' : "Notes, page #{number}"
        erb :list
      end
    end
  end

  def self.post_and_feed(app)
    app.get %r{/posts/([1-9][0-9]{0,8})} do |id|
      @post = store.post(id.to_i) or not_found
      @comments = store.comments(@post.id)
      @title = @post.title
      erb :post
    end

    app.get '/feed.xml' do
      content_type 'application/atom+xml'
      @posts = store.page(1)
      erb :feed, layout: false
    end
  end
end
