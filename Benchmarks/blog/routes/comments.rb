# frozen_string_literal: true

# Comments of readers. The form stands on a page that is the same for all, so
# it holds no token; a foreign site is kept out by the Origin check that Sinatra
# brings along (Rack::Protection::HttpOrigin) and by SameSite on the session.
module Comments
  def self.registered(app)
    app.post %r{/posts/([1-9][0-9]{0,8})/comments} do |id|
      post = store.post(id.to_i) or not_found
      name = params['name'].to_s
      text = params['text'].to_s
      halt 422, { 'Content-Type' => 'text/plain' }, "A comment needs a name and a text.\n" if name.empty? || text.empty?

      store.comment(post.id, name, text, raw_body)
      flash "Thank you, #{name}, your comment is here."
      redirect to("/posts/#{post.id}#comments"), 303
    end
  end
end
